"""Zip files that would write elsewhere, or without end."""

import io
import stat
import struct
import warnings
import zipfile

EVIL = b"here"


def _zip(*members, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")
        for member in members:
            name, content, *mode = member
            info = zipfile.ZipInfo(name)
            info.filename = name  # as it is, without Python's mending
            info.compress_type = compression
            info.external_attr = (mode[0] if mode else stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return out.getvalue()


def _said_to_be(content, size):
    """The table and the member's head give another size."""
    central = content.index(b"PK\x01\x02")
    content = content[: central + 24] + struct.pack("<I", size) + content[central + 28 :]
    return content[:22] + struct.pack("<I", size) + content[26:]


def _sharing():
    """Two entries of the table, one body."""
    whole = bytearray(_zip(("a.bin", b"x" * 4000), ("b.bin", b"y" * 4000)))
    second = whole.index(b"PK\x03\x04", 10)
    entry = whole.index(b"PK\x01\x02", whole.index(b"PK\x01\x02") + 4)
    del whole[second : whole.index(b"PK\x01\x02")]
    cut = 4000 + 30 + len("b.bin")
    struct.pack_into("<I", whole, entry - cut + 42, 0)
    end = whole.rindex(b"PK\x05\x06")
    struct.pack_into("<I", whole, end + 16, struct.unpack_from("<I", whole, end + 16)[0] - cut)
    return bytes(whole)


HOSTILE = {
    "traversal": _zip(("../elsewhere", EVIL)),
    "traversal_inside": _zip(("configs/../../elsewhere", EVIL)),
    "absolute": _zip(("/tmp/elsewhere", EVIL)),  # noqa: S108  never written
    "drive": _zip(("C:elsewhere", EVIL)),
    "backslash": _zip(("..\\elsewhere", EVIL)),
    "link": _zip(("configs", b"/etc", stat.S_IFLNK | 0o777), ("configs/x", EVIL)),
    "device": _zip(("null", b"", stat.S_IFCHR | 0o666)),
    "pipe": _zip(("pipe", b"", stat.S_IFIFO | 0o666)),
    "same_name": _zip(("configs/train.json", b"{}"), ("configs/train.json", EVIL)),
    "same_name_in_capitals": _zip(("configs/train.json", b"{}"), ("configs/TRAIN.json", EVIL)),
    "same_name_in_accents": _zip(("e\u0301.json", b"{}"), ("\u00e9.json", EVIL)),
    "file_and_folder": _zip(("configs", EVIL), ("configs/train.json", b"{}")),
    "bomb": _zip(("zeros.bin", bytes(2**24)), compression=zipfile.ZIP_DEFLATED),
    "shared_bytes": _sharing(),
    "larger_than_said": _said_to_be(_zip(("a.bin", b"x" * 4000)), 10),
    "smaller_than_said": _said_to_be(_zip(("a.bin", b"x" * 10)), 4000),
    "another_compression": _zip(("a.bin", b"x" * 99), compression=zipfile.ZIP_BZIP2),
    "long_name": _zip(("x" * 300, EVIL)),
    "name_with_control": _zip(("a\x1b[2J", EVIL)),
    "nul_in_name": _zip(("a\x00.json", EVIL)),
    "empty_name": _zip(("./", b"")),
    "cut": _zip(("a.bin", b"x" * 4000))[:2000],
    "no_zip": b"this is no zip file",
}
