"""A reader sees the old file or the whole new one, and nothing else is left behind."""

import os
from pathlib import Path

import pytest

from monai_ext.atomic import PARTIAL_SUFFIX, make_folder, write_atomically
from monai_ext.errors import SettingError


def names(folder):
    return [path.name for path in folder.iterdir()]


def test_target_changes_only_at_the_end(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with write_atomically(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


def test_a_failure_keeps_the_old_file_and_removes_the_partial_one(tmp_path):
    (tmp_path / "a.txt").write_text("old")

    def fail_half_way():
        with write_atomically(tmp_path / "a.txt") as partial:
            partial.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail_half_way()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_writer_that_wrote_nothing_leaves_no_empty_file(tmp_path):
    with pytest.raises(FileNotFoundError), write_atomically(tmp_path / "a.txt"):
        pass
    assert names(tmp_path) == []


def test_the_partial_file_is_hidden_beside_the_target_with_its_suffix(tmp_path):
    with write_atomically(str(tmp_path / "a.nii.gz")) as partial:
        assert partial.parent == tmp_path
        assert partial.name == f".{os.getpid()}{PARTIAL_SUFFIX}.a.nii.gz"
        partial.touch()


def test_the_file_is_on_disk_before_its_name_and_the_folder_after(tmp_path, monkeypatch):
    target, synced = tmp_path / "a.txt", []

    def record(descriptor):
        synced.append((os.fstat(descriptor).st_ino, target.exists()))

    monkeypatch.setattr(os, "fsync", record)
    with write_atomically(target) as partial:
        partial.write_text("x")
    assert synced == [(target.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


@pytest.mark.parametrize("letter", ["a", "ü", "組"])
def test_names_of_any_length_that_fits_are_written(tmp_path, letter):
    """A name has at most 255 bytes; the partial one is not longer."""
    name = letter * (250 // len(letter.encode())) + ".h5"
    with write_atomically(tmp_path / name) as partial:
        partial.write_text("x")
    assert names(tmp_path) == [name]


def test_missing_folders_are_made(tmp_path):
    with write_atomically(tmp_path / "a/b/c.txt") as partial:
        partial.write_text("x")
    assert (tmp_path / "a/b/c.txt").read_text() == "x"


def test_a_made_folder_is_empty_and_given_back(tmp_path):
    folder = make_folder(str(tmp_path / "a/b"))
    assert folder == tmp_path / "a/b"
    assert names(folder) == []


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    line = r"^folder .*file/run cannot be written to \(Not a directory\)\. Rule: .* writable folder"
    with pytest.raises(SettingError, match=line):
        make_folder(tmp_path / "file/run")


def test_a_folder_that_takes_no_file_is_named(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(SettingError, match=r"cannot be written to \(Permission denied\)"):
        make_folder(tmp_path)
