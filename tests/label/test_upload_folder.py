import os
import stat
import subprocess
import sys
import tempfile

import pytest

from monai_ext.label.upload_folder import make_upload_folder, remove_uploads, removed_on_fault


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_temporary_files_go_to_a_folder_that_only_its_owner_reads(shelf):
    folder = make_upload_folder()
    assert folder.parent == shelf
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with tempfile.NamedTemporaryFile() as file:
        assert file.name.startswith(f"{folder}/")


def test_folders_of_ended_processes_are_removed_and_no_others(shelf):
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    stale = shelf / f"monai_ext_label_{ended.pid}_x"
    alive = shelf / f"monai_ext_label_{os.getppid()}_x"
    foreign = shelf / "monai_ext_label_notes_x"
    for path in (stale, alive, foreign, shelf / "other"):
        path.mkdir()
        (path / "upload.png").touch()
    make_upload_folder()
    assert not stale.exists()
    assert all((path / "upload.png").exists() for path in (alive, foreign, shelf / "other"))


def test_an_upload_is_removed_if_what_is_done_with_it_fails(shelf):
    folder = make_upload_folder()
    for path in (folder / "a.png", shelf / "slide.svs"):
        path.touch()
        with pytest.raises(KeyError), removed_on_fault(path):
            raise KeyError
    with removed_on_fault(folder / "b.png"):
        (folder / "b.png").touch()
    assert sorted(path.name for path in shelf.rglob("*.*")) == ["b.png", "slide.svs"]


def test_a_link_in_place_of_a_folder_is_not_followed(shelf):
    (shelf / "precious").mkdir()
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    (shelf / f"monai_ext_label_{ended.pid}_x").symlink_to(shelf / "precious")
    make_upload_folder()
    assert (shelf / "precious").is_dir()


def test_what_is_left_of_uploads_is_removed_and_other_folders_are_not_touched(shelf):
    (shelf / "other.svs").touch()
    remove_uploads()
    assert (shelf / "other.svs").exists()
    folder = make_upload_folder()
    (folder / "old.png").touch()
    (folder / "kept").mkdir()
    remove_uploads()
    assert [path.name for path in folder.iterdir()] == ["kept"]
