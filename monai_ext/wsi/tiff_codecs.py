"""How the tiles of a TIFF are compressed."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_PARSE_ERRORS = (ValueError, KeyError, IndexError, TypeError, ZeroDivisionError, struct.error)


def tile_codecs(path: Path) -> set[int]:
    """TIFF compression numbers of the tiled pages; empty if it is no TIFF or not complete."""
    import tifffile

    size = path.stat().st_size
    try:
        with tifffile.TiffFile(path) as tiff:
            pages = [page.aspage() for page in tiff.pages]
            tiled = [page for page in pages if page.is_tiled]
            for page in tiled:
                ends = np.asarray(page.dataoffsets) + np.asarray(page.databytecounts)
                if len(ends) == 0 or ends.max() > size:
                    return set()
            return {int(page.compression) for page in tiled}
    except (tifffile.TiffFileError, *_PARSE_ERRORS):
        return set()
