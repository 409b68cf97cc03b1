"""All tiles of a grid level, as a stream."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monai_ext.wsi.grid import TileGrid
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.slide_reader import SlideReader


def read_tiles(
    slide: SlideReader, grid: TileGrid, level: int, out_px: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read the kept tiles of ``grid.levels[level]`` in raster order, one row of tiles at a time.

    Args:
        slide: the reader.
        grid: the tiles.
        level: index into ``grid.levels``.
        out_px: edge of the tiles given; ``None`` is ``grid.spec.tile_px``.

    Yields:
        Index into the level int64 [n], and tiles uint8 [n, out_px, out_px, 3] RGB, white outside
        the slide.

    Raises:
        SlideError: if stored pixels cannot be read.
    """
    tiles, edge = grid.levels[level], out_px or grid.spec.tile_px
    step = tiles.step_px
    for index in _rows(tiles.row):
        corners = [(int(tiles.col[i]) * step, int(tiles.row[i]) * step) for i in index]
        yield index, np.stack([read_area(slide, x, y, step, step, edge, edge) for x, y in corners])


def _rows(row: np.ndarray) -> list[np.ndarray]:
    cuts = np.nonzero(np.diff(row))[0] + 1
    return [part for part in np.split(np.arange(len(row)), cuts) if len(part)]
