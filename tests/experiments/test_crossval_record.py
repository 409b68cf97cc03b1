"""What an experiment says of itself stays as it was first said."""

import errno
import fcntl
import json
import threading

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.crossval_record import (
    SplitParts,
    claim,
    folder_lock,
    read_parts,
    record_experiment,
    record_settings,
)

PARTS = {
    "fold0": SplitParts("h0", ("a", "b"), ("c",), ("d", "e")),
    "shots2_draw01": SplitParts("h1", ("d",), (), ("a", "b"), 2),
}


def test_parts_are_read_as_they_were_written_in_their_order(tmp_path):
    record_experiment(tmp_path, {"bundle": "x", "overrides": {}}, PARTS)
    assert read_parts(tmp_path) == PARTS
    assert list(read_parts(tmp_path)) == list(PARTS)
    written = json.loads((tmp_path / "crossval.json").read_text())
    assert written == {
        "bundle": "x",
        "overrides": {},
        "splits": {"fold0": "h0", "shots2_draw01": "h1"},
    }


def test_the_same_again_is_fine_and_completes_an_older_folder(tmp_path):
    record_experiment(tmp_path, {"bundle": "x"}, PARTS)
    (tmp_path / "splits.json").unlink()
    record_experiment(tmp_path, {"bundle": "x"}, PARTS)
    assert read_parts(tmp_path) == PARTS


@pytest.mark.parametrize(
    ("settings", "parts", "what"),
    [
        ({"bundle": "y", "overrides": {}}, PARTS, "bundle"),
        ({"bundle": "x", "overrides": {"m": 1}}, PARTS, "overrides"),
        ({"bundle": "x", "overrides": {}, "tuned": {}}, PARTS, "tuned"),
        ({"bundle": "x", "overrides": {}}, {"fold0": PARTS["fold0"]}, "splits"),
    ],
)
def test_anything_else_is_refused_by_name(tmp_path, settings, parts, what):
    record_experiment(tmp_path, {"bundle": "x", "overrides": {}}, PARTS)
    with pytest.raises(SettingError, match=f"an experiment with other {what}. Rule"):
        record_experiment(tmp_path, settings, parts)


def test_settings_of_other_files_are_kept_likewise(tmp_path):
    record_settings(tmp_path / "tune.json", {"trials": 3})
    record_settings(tmp_path / "tune.json", {"trials": 3})
    with pytest.raises(SettingError, match="with other trials"):
        record_settings(tmp_path / "tune.json", {"trials": 4})


def test_a_claim_is_had_once_and_again_when_it_is_over(tmp_path):
    with claim(tmp_path, "fold0") as first, claim(tmp_path, "fold0") as second:
        assert (first, second) == (True, False)
        with claim(tmp_path, "fold1") as other:
            assert other
    with claim(tmp_path, "fold0") as again:
        assert again


def test_a_claim_falls_with_an_error(tmp_path):
    def fail():
        with claim(tmp_path, "fold0"):
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        fail()
    with claim(tmp_path, "fold0") as again:
        assert again


def test_the_folder_lock_keeps_others_out(tmp_path):
    with folder_lock(tmp_path, "x"), claim(tmp_path, "x") as is_ours:
        assert not is_ours


def test_the_folder_lock_is_waited_for(tmp_path):
    order = []

    def wait():
        with folder_lock(tmp_path, "x"):
            order.append("second")

    with folder_lock(tmp_path, "x"):
        other = threading.Thread(target=wait)
        other.start()
        other.join(0.3)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_file_system_without_locks_is_warned_of(tmp_path, monkeypatch, caplog):
    def flock(stream, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with claim(tmp_path, "fold0") as is_ours:
        assert is_ours
    assert "fold0.lock cannot be locked (No locks available)" in caplog.text
