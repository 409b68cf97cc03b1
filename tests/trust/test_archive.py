"""What is in a zip file stays in one folder and fits there."""

import zipfile

import pytest

from monai_ext.trust import archive as module
from monai_ext.trust.archive import archive_faults
from tests.trust.hostile_archives import HOSTILE

AT_UNPACKING = {"larger_than_said", "smaller_than_said"}


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - AT_UNPACKING))
def test_hostile_archives_are_told_by_their_table(tmp_path, name):
    path = tmp_path / "bundle.zip"
    path.write_bytes(HOSTILE[name])
    assert archive_faults(path)


def test_there_are_as_many_as_promised():
    assert len(HOSTILE) >= 12


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("traversal", "leads out of the folder"),
        ("link", "is a link or a device"),
        ("same_name_in_capitals", "'configs/train.json' twice"),
        ("file_and_folder", "'configs' is a file and a folder"),
        ("bomb", "is 16777216 bytes out of"),
        ("shared_bytes", "share their bytes"),
        ("another_compression", "compressed in a way of its own"),
        ("name_with_control", "not printable"),
        ("no_zip", "no whole zip file"),
    ],
)
def test_the_fault_is_named(tmp_path, name, words):
    path = tmp_path / "bundle.zip"
    path.write_bytes(HOSTILE[name])
    assert words in "; ".join(archive_faults(path))


def test_an_encrypted_member_is_refused(tmp_path):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", "{}")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert archive_faults(path) == ["'a.json' is encrypted"]


def test_numbers_have_limits(tmp_path, monkeypatch):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(3):
            archive.writestr(f"{k}.txt", "0123456789")
    assert archive_faults(path) == []
    monkeypatch.setattr(module, "MOST_MEMBERS", 2)
    monkeypatch.setattr(module, "LARGEST", 29)
    size = path.stat().st_size
    assert archive_faults(path) == ["3 members, more than 2", f"30 bytes out of {size}"]


def test_all_members_together_are_no_bomb_either(tmp_path, monkeypatch):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(4):
            archive.writestr(f"{k}.bin", bytes(2**20))
    assert archive_faults(path) == []
    monkeypatch.setattr(module, "FREE", 2**20)
    assert archive_faults(path) == [f"{2**22} bytes out of {path.stat().st_size}"]


def test_what_compresses_well_passes_when_it_is_small(tmp_path):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bin", bytes(2**20))
    assert archive_faults(path) == []
