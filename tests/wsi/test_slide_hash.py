from pathlib import Path

from monai_ext.wsi.slide_hash import slide_hash

MIB = 1 << 20


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "slide.bin"
    path.write_bytes(data)
    return path


def test_quickhash_goes_first(tmp_path):
    assert slide_hash(_file(tmp_path, b"x"), "abc") == "abc"


def test_hash_sees_first_and_last_mib_and_size(tmp_path):
    base = bytes(3 * MIB)
    hashes = {
        slide_hash(_file(tmp_path, data))
        for data in (base, b"1" + base[1:], base[1:] + b"1", base[1:])
    }
    assert len(hashes) == 4


def test_hash_reads_only_the_edges(tmp_path):
    middle = bytes(MIB) + b"1" + bytes(2 * MIB - 1)
    assert slide_hash(_file(tmp_path, middle)) == slide_hash(_file(tmp_path, bytes(3 * MIB)))
