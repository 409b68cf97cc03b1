"""Windows of a slide as batches of pixels; every tile is read once, whatever windows overlap."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np

from monai_ext.engines.segment_windows import WindowPlan
from monai_ext.wsi import GridSpec, LevelTiles, SlideReader, TileGrid, build_grid, read_tiles


class WindowBatch(NamedTuple):
    """Some windows of one row of windows."""

    row: int
    """Index into ``WindowPlan.rows``."""
    lefts: list[int]
    """Left edge of each, counted as ``WindowPlan.cols``."""
    pixels: np.ndarray
    """uint8 ``[b, roi, roi, 3]`` RGB."""


def reading_grid(spec: GridSpec, mpp: float, size: tuple[int, int]) -> TileGrid:
    """Tiles of a slide at the mpp that the network wants; all of them.

    Args:
        spec: of one magnification; its tiles are only what is read at a time.
        mpp: um a level-0 px.
        size: width and height in level-0 px.

    Raises:
        SlideError: if the slide is too coarse.
    """
    return build_grid(dataclasses.replace(spec, min_tissue=0.0), mpp, size)


def needed_tiles(grid: TileGrid, plan: WindowPlan) -> TileGrid:
    """The tiles that a chosen window looks at."""
    edge, tiles = grid.spec.tile_px, grid.levels[0]
    rows, cols = (math.ceil(size / tiles.step_px) for size in grid.slide_size[::-1])
    needed = np.zeros((rows, cols), bool)
    for left, top, right, bottom in plan.boxes().tolist():
        needed[top // edge : -(-bottom // edge), left // edge : -(-right // edge)] = True
    row, col = (part.astype(np.int32) for part in np.nonzero(needed))
    share = np.ones(len(row), np.float32)
    return dataclasses.replace(grid, levels=(LevelTiles(0, row, col, tiles.step_px, share),))


def window_batches(
    slide: SlideReader,
    grid: TileGrid,
    plan: WindowPlan,
    batch_size: int,
    fill: int,
    *,
    threads: int,
) -> Generator[WindowBatch, None, None]:
    """Read the chosen windows in raster order.

    Memory holds one row of windows and one row of tiles.

    Args:
        slide: the reader.
        grid: from :func:`reading_grid`.
        plan: the windows.
        batch_size: windows at a time, at most; a batch has windows of one row.
        fill: grey level around a picture that is smaller than a window.
        threads: see ``read_tiles``.

    Yields:
        Batches; of every chosen window once.

    Raises:
        SlideError: if stored pixels cannot be read.
    """
    rows = _PixelRows(slide, needed_tiles(grid, plan), plan, fill, threads)
    for row, top in enumerate(plan.rows):
        lefts = [plan.cols[col] for col in np.flatnonzero(plan.chosen[row]).tolist()]
        if not lefts:
            continue
        band = rows.get(top)
        for first in range(0, len(lefts), batch_size):
            some = lefts[first : first + batch_size]
            pixels = np.stack([band[:, left : left + plan.roi_px] for left in some])
            yield WindowBatch(row, some, pixels)


class _PixelRows:
    """The rows of pixels that one row of windows needs, kept while the next one overlaps."""

    def __init__(
        self, slide: SlideReader, grid: TileGrid, plan: WindowPlan, fill: int, threads: int
    ) -> None:
        self._plan, self._tiles, self._edge = plan, grid.levels[0], grid.spec.tile_px
        self._fill = fill
        self._source = iter(read_tiles(slide, grid, 0, threads=threads))
        self._waiting: tuple[np.ndarray, np.ndarray] | None = None
        self._top, self._held = 0, self._empty(0)

    def get(self, top: int) -> np.ndarray:
        """Rows ``[top, top + roi)`` counted with padding; ``top`` only grows."""
        self._drop_above(top)
        bottom = top + self._plan.roi_px
        for row, index, pixels in self._tile_rows(bottom - self._plan.before[1]):
            self._paste(row, index, pixels)
        self._grow(bottom)
        return self._held[: self._plan.roi_px]

    def _empty(self, rows: int) -> np.ndarray:
        return np.full((rows, self._plan.padded[0], 3), self._fill, np.uint8)

    def _drop_above(self, top: int) -> None:
        gone = min(top - self._top, len(self._held))
        self._held = self._held[gone:].copy()
        self._top = top

    def _grow(self, bottom: int) -> None:
        lacking = bottom - self._top - len(self._held)
        if lacking > 0:
            self._held = np.concatenate([self._held, self._empty(lacking)])

    def _tile_rows(self, bottom: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Rows of tiles that begin above ``bottom``, px of the picture."""
        while True:
            item = self._waiting or next(self._source, None)
            self._waiting = None
            if item is None:
                return
            row = int(self._tiles.row[item[0][0]])
            if row * self._edge >= bottom:
                self._waiting = item
                return
            yield row, *item

    def _paste(self, row: int, index: np.ndarray, pixels: np.ndarray) -> None:
        width, height = self._plan.size
        top = row * self._edge
        count = min(self._edge, height - top)
        first = top + self._plan.before[1] - self._top
        above = max(0, -first)
        self._grow(self._top + first + count)
        for col, tile in zip(self._tiles.col[index].tolist(), pixels, strict=True):
            left = col * self._edge
            wide = min(self._edge, width - left)
            at = left + self._plan.before[0]
            self._held[first + above : first + count, at : at + wide] = tile[above:count, :wide]
