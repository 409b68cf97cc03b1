"""How the tiles of a TIFF are compressed."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tifffile import TiffFile

_PARSE_ERRORS = (ValueError, LookupError, TypeError, ArithmeticError, struct.error)


def tile_codecs(path: Path) -> set[int]:
    """TIFF compression numbers of the tiled pages; empty if it is no TIFF or not complete."""
    import tifffile

    size = path.stat().st_size
    try:
        with tifffile.TiffFile(path) as tiff:
            pages = [page.aspage() for page in tiff.pages]
            if _chain_breaks(tiff, pages[-1].offset):
                return set()
            tiled = [page for page in pages if page.is_tiled]
            for page in tiled:
                ends = np.add(page.dataoffsets, page.databytecounts, dtype=np.int64)
                if len(ends) == 0 or ends.max() > size:
                    return set()
            return {int(page.compression) for page in tiled}
    except (tifffile.TiffFileError, *_PARSE_ERRORS):
        return set()


def _chain_breaks(tiff: TiffFile, last: int) -> bool:
    """Whether the last page that was found points to a further one; tifffile only logs that."""
    layout, stream = tiff.tiff, tiff.filehandle
    stream.seek(last)
    (count,) = struct.unpack(layout.tagnoformat, stream.read(layout.tagnosize))
    stream.seek(count * layout.tagsize, 1)
    return any(stream.read(layout.offsetsize))
