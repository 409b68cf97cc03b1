import hashlib
import os
import zipfile

from monai_ext.export import write_archive


def test_the_same_content_gives_the_same_bytes(tmp_path):
    (tmp_path / "one.txt").write_text("one")
    first = write_archive(tmp_path / "a.zip", {"b/one": tmp_path / "one.txt", "a": b"two"})
    os.utime(tmp_path / "one.txt", (1e9, 1e9))
    (tmp_path / "one.txt").chmod(0o600)
    second = write_archive(tmp_path / "b.zip", {"a": b"two", "b/one": tmp_path / "one.txt"})
    assert first == second == hashlib.sha1((tmp_path / "a.zip").read_bytes()).hexdigest()  # noqa: S324
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert write_archive(tmp_path / "c.zip", {"a": b"three"}) != first


def test_names_content_and_permissions_are_kept(tmp_path):
    write_archive(tmp_path / "a.zip", {"x/é.txt": b"content" * 1000})
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        (info,) = archive.infolist()
        assert archive.read(info) == b"content" * 1000
    assert info.filename == "x/é.txt"
    assert info.external_attr >> 16 == 0o100644
    assert info.compress_size < info.file_size
