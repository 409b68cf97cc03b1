"""An archive becomes a folder, whole or not at all."""

import zipfile

import pytest

from monai_ext.errors import TrustError
from monai_ext.trust.unpack import unpack
from tests.trust.hostile_archives import HOSTILE


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_of_a_hostile_archive_nothing_is_left(tmp_path, name):
    path = tmp_path / "in" / "bundle.zip"
    path.parent.mkdir()
    path.write_bytes(HOSTILE[name])
    with pytest.raises(TrustError, match=r"bundle.zip is not unpacked \("):
        unpack(path, tmp_path / "out" / "bundle")
    assert {each.name for each in tmp_path.rglob("*")} <= {"in", "out", "bundle.zip"}


@pytest.fixture
def archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "good.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("bundle/configs/train.json", "{}")
        out.mkdir("bundle/empty")
        out.writestr("bundle/räume/a b.txt", "text")
    return tmp_path / "good.zip"


def test_a_good_one_is_unpacked_whole(archive, tmp_path):
    folder = unpack(archive, tmp_path / "new")
    assert (folder / "bundle/configs/train.json").read_text() == "{}"
    assert (folder / "bundle/räume/a b.txt").read_text() == "text"
    assert (folder / "bundle/empty").is_dir()
    assert folder.stat().st_mode & 0o777 == 0o755


def test_an_empty_folder_is_taken_and_a_full_one_left_alone(archive, tmp_path):
    (tmp_path / "empty").mkdir()
    unpack(archive, tmp_path / "empty")
    with pytest.raises(TrustError, match="empty exists"):
        unpack(archive, tmp_path / "empty")
    assert (tmp_path / "empty/bundle/empty").is_dir()
