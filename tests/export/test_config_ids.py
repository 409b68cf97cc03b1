"""An override that a config lacks is named, with what looks like it."""

import pytest

from monai_ext.errors import SettingError
from monai_ext.export.config_ids import require_ids

KNOWN = ["batch", "train#handlers", "seed"]


def test_known_ids_pass_with_and_without_their_parts():
    require_ids(["batch", "train::handlers::0", "train#other", "seed#x"], KNOWN, "o", "r", "p")
    require_ids([], [], "o", "r", "p")


def test_others_are_named_with_the_nearest_or_the_repair():
    with pytest.raises(SettingError, match=r"^toy has no bach\. Rule: r\. .*did you mean batch"):
        require_ids(["bach", "seed"], KNOWN, "toy", "r", "p")
    with pytest.raises(SettingError, match=r"has no zzz#x, yyy\. .*Repair: p\."):
        require_ids(["zzz#x", "yyy"], KNOWN, "toy", "r", "p")
