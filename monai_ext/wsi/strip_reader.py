"""Reading tiled JPEG TIFF and SVS by our own strict decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_ext.wsi.openslide_reader import OpenSlideReader
from monai_ext.wsi.strip_decoder import StripDecoder
from monai_ext.wsi.tiff_layout import UnservedLayout, jpeg_levels

_VENDORS = ("aperio", "generic-tiff")  # others shift, overlap or leave out tiles


class StripReader:
    """A slide of JPEG tiles; OpenSlide says what it is, the pixels are decoded here.

    Args:
        path: the slide.
        mpp: um a level-0 px, instead of what the file says.

    Raises:
        UnservedLayout: if it is not stored as the strip decoder reads it.
        SlideError: if it cannot be opened, or is truncated.
    """

    backend = "strip"

    def __init__(self, path: Path | str, mpp: float | None = None) -> None:
        with OpenSlideReader(path, mpp) as described:
            self.info = described.info
        if self.info.vendor not in _VENDORS:
            raise UnservedLayout(
                f"slide {path} is not for the strip reader: its format is {self.info.vendor}",
                f"it reads the formats {', '.join(_VENDORS)}",
                "open it with reader=auto or reader=openslide",
            )
        sizes = [(level.width, level.height) for level in self.info.levels]
        self.decoder = StripDecoder(self.info.path, jpeg_levels(self.info.path, sizes))

    def read_region(self, x: int, y: int, width: int, height: int, level: int) -> np.ndarray:
        """See ``SlideReader.read_region``."""
        down = self.info.levels[level].downsample
        left, top = int(np.floor(x / down + 0.5)), int(np.floor(y / down + 0.5))
        table = self.decoder.levels[level]
        region = np.full((height, width, 3), 255, np.uint8)
        scratch = np.empty(table.tile_height * table.tile_width * 3, np.uint8)
        right, bottom = min(left + width, table.width), min(top + height, table.height)
        for row in _touched(top, bottom, table.tile_height):
            out_y, in_y = _overlap(top, bottom, row * table.tile_height, table.tile_height)
            for col in _touched(left, right, table.tile_width):
                out_x, in_x = _overlap(left, right, col * table.tile_width, table.tile_width)
                pixels = self.decoder.decode(level, row, col, scratch)
                region[out_y, out_x] = pixels[in_y, in_x]
        return region

    def close(self) -> None:
        """Release the file; reading again opens it again."""
        self.decoder.close()

    def __enter__(self) -> StripReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _touched(start: int, stop: int, edge: int) -> range:
    return range(max(0, start) // edge, -(-stop // edge))


def _overlap(start: int, stop: int, tile_start: int, edge: int) -> tuple[slice, slice]:
    """Where ``[start, stop)`` and a tile meet, counted in the region and in the tile."""
    low, high = max(start, tile_start), min(stop, tile_start + edge)
    return slice(low - start, high - start), slice(low - tile_start, high - tile_start)
