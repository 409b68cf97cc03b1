"""Zip files of strangers: what is in them stays in one folder and fits there."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

MOST_MEMBERS = 10_000
LARGEST = 2**33
"""Bytes of all members."""
MOST_TIMES = 100
"""How many times its size on disk a member may have, beyond a MiB."""
NO_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What Python's reader makes of a damaged or strange archive."""
FREE, MOST_TIMES_IN_ALL = 100 * 2**20, 20
"""Bytes that all members may have, and how many times the size of the file beyond them."""
_LONGEST_NAME = 240


def archive_faults(path: Path) -> list[str]:
    """Say why an archive is refused; an empty list lets it be unpacked.

    Refused are names that leave the folder or exist twice (also by case or accents), links and
    devices, encrypted members, overlapping members, and sizes beyond the limits.

    Args:
        path: a zip file; its table is read, nothing is unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (OSError, *NO_ZIP) as error:
        return [f"no whole zip file: {error}"]
    faults = [fault for info in infos for fault in _member_faults(info)]
    return faults + list(_table_faults(infos, path.stat().st_size))


def _member_faults(info: zipfile.ZipInfo) -> Iterator[str]:
    raw = info.orig_filename
    shown = ascii(raw[:60])
    parts = PurePosixPath(raw).parts
    if raw.startswith("/") or "\\" in raw or ":" in raw or ".." in parts or not parts:
        yield f"{shown} leads out of the folder"
    if len(raw) > _LONGEST_NAME or not raw.isprintable():
        yield f"{shown} is too long, or not printable"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        yield f"{shown} is a link or a device"
    if info.flag_bits & 0x1:
        yield f"{shown} is encrypted"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        yield f"{shown} is compressed in a way of its own"
    if info.file_size > max(2**20, MOST_TIMES * info.compress_size):
        yield f"{shown} is {info.file_size} bytes out of {info.compress_size}"


def _table_faults(infos: Sequence[zipfile.ZipInfo], on_disk: int) -> Iterator[str]:
    if len(infos) > MOST_MEMBERS:
        yield f"{len(infos)} members, more than {MOST_MEMBERS}"
    total = sum(info.file_size for info in infos)
    if total > min(LARGEST, FREE + MOST_TIMES_IN_ALL * on_disk):
        yield f"{total} bytes out of {on_disk}"
    if sum(info.compress_size for info in infos) > on_disk:
        yield "members that share their bytes"
    plain = [_folded(info.filename.rstrip("/")) for info in infos]
    twice = [name for name, count in Counter(plain).items() if count > 1]
    if twice:
        yield f"{twice[0][:60]!a} twice"
    files = {_folded(info.filename) for info in infos if not info.is_dir()}
    above = {str(parent) for name in plain for parent in PurePosixPath(name).parents}
    if files & above:
        yield f"{min(files & above)[:60]!a} is a file and a folder"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
