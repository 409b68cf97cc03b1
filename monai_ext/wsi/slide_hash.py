"""Identity of a slide file without reading all of it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_EDGE_BYTES = 1 << 20


def slide_hash(path: Path | str, quickhash: str | None = None) -> str:
    """OpenSlide's quick hash where there is one, else SHA-256 of size, first and last MiB.

    DICOM slides have one of their own, ``monai_ext.wsi.dicom_series.dicom_hash``.

    Args:
        path: the slide.
        quickhash: its property ``openslide.quickhash-1``.
    """
    if quickhash:
        return quickhash
    with Path(path).open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        digest = hashlib.sha256(str(size).encode())
        digest.update(stream.read(_EDGE_BYTES))
        stream.seek(max(0, size - _EDGE_BYTES))
        digest.update(stream.read(_EDGE_BYTES))
    return digest.hexdigest()
