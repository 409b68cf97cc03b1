"""Words of a command line mean what a person means by them."""

from pathlib import Path

import pytest

from monai_ext.errors import SettingError
from monai_ext.flags import as_bool, as_folder, as_path


@pytest.mark.parametrize("value", [True, "True", " yes ", "ON", "1", 1, 1.0])
def test_words_for_true(value):
    assert as_bool(value) is True


@pytest.mark.parametrize(
    "value", [False, "False", "no", "OFF", "0", "None", "", "  ", 0, 0.0, None]
)
def test_words_for_false(value):
    assert as_bool(value) is False


def test_other_words_are_refused():
    line = r"^value 'maybe'\. Rule: a switch is true or false\. Repair: write True or False\.$"
    with pytest.raises(SettingError, match=line):
        as_bool("maybe")


def test_path_may_look_like_a_number_or_start_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert as_path(2024) == Path("2024")
    assert as_path(0) == Path("0")
    assert as_path("~/slides") == Path("/home/me/slides")


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_no_path_and_refused_as_a_folder(value):
    assert as_path(value) is None
    with pytest.raises(SettingError, match=r"^a folder or file is not given\. "):
        as_folder(value)


def test_number_signs_come_back_unless_the_colons_are_real(tmp_path):
    assert as_path(f"{tmp_path}/a ::1") == tmp_path / "a #1"
    (tmp_path / "a ::1").touch()
    assert as_folder(f"{tmp_path}/a ::1") == tmp_path / "a ::1"
