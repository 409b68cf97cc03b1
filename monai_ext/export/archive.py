"""ZIP files whose bytes depend on their content alone."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from monai_ext.atomic import write_atomically

_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_UNIX = 3


def write_archive(path: Path, entries: Mapping[str, bytes | Path]) -> str:
    """Write a ZIP: entries by name, one time stamp, one mode; the same content, the same bytes.

    Args:
        path: the file, replaced as a whole.
        entries: content, or a file with it, by its name inside (``/`` between folders).

    Returns:
        SHA-1 of the file (hex), as MONAI's ``model_info.json`` has it.
    """
    with write_atomically(path) as partial:
        with zipfile.ZipFile(partial, "w") as archive:
            for name in sorted(entries):
                content = entries[name]
                info = zipfile.ZipInfo(name, _TIME)
                info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, _UNIX
                info.external_attr = _MODE
                data = content if isinstance(content, bytes) else content.read_bytes()
                archive.writestr(info, data, compresslevel=9)
        with partial.open("rb") as stream:
            return hashlib.file_digest(stream, "sha1").hexdigest()
