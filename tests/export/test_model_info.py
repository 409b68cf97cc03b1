import json

import pytest

from monai_ext.errors import BundleError
from monai_ext.export import record_version


def test_versions_are_added_beside_each_other(tmp_path):
    table = tmp_path / "bundles/model_info.json"
    record_version(table, "b_v0.1.0", "00")
    record_version(table, "a_v0.1.0", "11", source="https://somewhere")
    record_version(table, "a_v0.1.0", "11")
    assert json.loads(table.read_text()) == {
        "a_v0.1.0": {"checksum": "11", "source": "https://somewhere"},
        "b_v0.1.0": {"checksum": "00", "source": ""},
    }
    assert list(json.loads(table.read_text())) == ["a_v0.1.0", "b_v0.1.0"]


def test_a_version_changes_only_by_wish_and_before_it_is_published(tmp_path):
    table = tmp_path / "model_info.json"
    record_version(table, "a_v1", "00")
    with pytest.raises(BundleError, match=r"checksum 00, this one is 11.*--replace"):
        record_version(table, "a_v1", "11")
    record_version(table, "a_v1", "11", replace=True)
    record_version(table, "a_v1", "11", source="https://somewhere")
    with pytest.raises(BundleError, match=r"raise version and changelog") as refused:
        record_version(table, "a_v1", "22", replace=True)
    assert "--replace" not in str(refused.value)
    assert json.loads(table.read_text())["a_v1"]["checksum"] == "11"
