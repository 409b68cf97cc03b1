"""Where the JPEG tiles of a TIFF slide lie in the file."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.errors import SlideError

if TYPE_CHECKING:
    from tifffile import TiffPage

JPEG_CODEC = 7
_PHOTOMETRICS = {2: "rgb", 6: "ycbcr"}
_PARSE_ERRORS = (ValueError, LookupError, TypeError, ArithmeticError, struct.error)


class UnservedLayout(SlideError):  # noqa: N818
    """Sound for all we know, but not tiled JPEG as the strip decoder reads it."""


@dataclass(frozen=True)
class TiledLevel:
    """One stored level of JPEG tiles, in row order.

    Args:
        width: of the level in px; tiles at the right edge reach beyond.
        height: of the level in px.
        tile_width: px.
        tile_height: px.
        offsets: int64 [rows * cols], where each tile's stream starts in the file.
        sizes: int64 [rows * cols], bytes of each stream.
        photometric: ``"rgb"`` or ``"ycbcr"``, what the JPEG components are.
        tables: the JPEG tables that the level's streams share, or ``b""``.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    offsets: np.ndarray
    sizes: np.ndarray
    photometric: str
    tables: bytes

    @property
    def cols(self) -> int:
        """Tiles a row."""
        return -(-self.width // self.tile_width)

    @property
    def rows(self) -> int:
        """Rows of tiles."""
        return -(-self.height // self.tile_height)


def jpeg_levels(path: Path, sizes: Sequence[tuple[int, int]]) -> tuple[TiledLevel, ...]:
    """The tile tables of a TIFF's levels.

    Args:
        path: the slide.
        sizes: (width, height) of the wanted levels in px.

    Raises:
        UnservedLayout: if it is no TIFF, or a level is not stored as complete 8-bit JPEG tiles.
        SlideError: if tiles lie beyond the end of the file.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            pages = [page.aspage() for page in tiff.pages]
            levels = tuple(_level(path, pages, size) for size in sizes)
    except (tifffile.TiffFileError, *_PARSE_ERRORS) as error:
        raise _unserved(path, f"tifffile cannot read it ({error})") from error
    _check_whole(path, levels)
    return levels


def _level(path: Path, pages: Sequence[TiffPage], size: tuple[int, int]) -> TiledLevel:
    fitting = [
        page for page in pages if page.is_tiled and (page.imagewidth, page.imagelength) == size
    ]
    if not fitting:
        raise _unserved(path, f"no TIFF page has {size[0]} x {size[1]} px in tiles")
    page = fitting[0]
    _check_codec(path, page)
    level = TiledLevel(
        width=page.imagewidth,
        height=page.imagelength,
        tile_width=page.tilewidth,
        tile_height=page.tilelength,
        offsets=np.asarray(page.dataoffsets, np.int64),
        sizes=np.asarray(page.databytecounts, np.int64),
        photometric=_PHOTOMETRICS[int(page.photometric)],
        tables=page.jpegtables or b"",
    )
    if len(level.offsets) != level.rows * level.cols or len(level.sizes) != len(level.offsets):
        raise _unserved(path, f"{level.rows * level.cols} tiles have {len(level.offsets)} offsets")
    if level.sizes.min() <= 0:
        raise _unserved(path, f"{(level.sizes <= 0).sum()} tiles are not stored")
    return level


def _check_codec(path: Path, page: TiffPage) -> None:
    kind = (int(page.compression), page.samplesperpixel, page.bitspersample, int(page.planarconfig))
    if kind != (JPEG_CODEC, 3, 8, 1) or int(page.photometric) not in _PHOTOMETRICS:
        raise _unserved(
            path,
            f"its tiles have TIFF codec {int(page.compression)}, {page.samplesperpixel} samples of "
            f"{page.bitspersample} bits, photometric {int(page.photometric)}",
        )


def _check_whole(path: Path, levels: Sequence[TiledLevel]) -> None:
    size = path.stat().st_size
    for number, level in enumerate(levels):
        beyond = int((level.offsets + level.sizes > size).sum())
        if beyond:
            raise SlideError(
                f"slide {path} is truncated: {beyond} of {len(level.sizes)} tiles of level "
                f"{number} lie beyond its {size} bytes",
                "every stored tile lies in the file",
                "copy the file again",
            )


def _unserved(path: Path, why: str) -> UnservedLayout:
    return UnservedLayout(
        f"slide {path} is not for the strip reader: {why}",
        "it reads TIFF and SVS of complete 8-bit RGB JPEG tiles",
        "open it with reader=auto or reader=openslide",
    )
