"""One grid of tiles for a whole slide, at all magnifications."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from monai_ext.errors import SlideError
from monai_ext.wsi.grid_spec import GridSpec


class TissueFraction(Protocol):
    """Whatever can say how much of each cell is tissue."""

    def fraction(self, x0: int, y0: int, step: int, rows: int, cols: int) -> np.ndarray:
        """Tissue fraction [rows, cols] of the cells of ``step`` level-0 px from ``(x0, y0)``."""
        ...


@dataclass(frozen=True)
class LevelTiles:
    """Tiles of one magnification, in raster order.

    Args:
        level: log2 of the step over the finest step.
        row: int32 [N].
        col: int32 [N].
        step_px: edge of a tile in level-0 px.
        tissue: float32 [N], tissue fraction.
    """

    level: int
    row: np.ndarray
    col: np.ndarray
    step_px: int
    tissue: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class TileGrid:
    """Kept tiles of a slide.

    Tile (level, row, col) covers ``[col, col + 1) x [row, row + 1)`` steps from level-0 px (0, 0),
    so the tile above it by k levels is (row >> k, col >> k).

    Args:
        spec: the request.
        slide_mpp: um a level-0 px.
        step_px: finest step in level-0 px.
        effective_mpps: um a tile px that each level really has.
        upsample: tile px a level-0 px at the finest level where that is above 1, else 1.
        slide_size: (width, height) in level-0 px.
        levels: tiles, finest first.
    """

    spec: GridSpec
    slide_mpp: float
    step_px: int
    effective_mpps: tuple[float, ...]
    upsample: float
    slide_size: tuple[int, int]
    levels: tuple[LevelTiles, ...]

    def coords(self, i: int) -> np.ndarray:
        """Top left corners of ``levels[i]``: int64 [N, 2], x and y in level-0 px."""
        tiles = self.levels[i]
        return np.stack([tiles.col, tiles.row], axis=1).astype(np.int64) * tiles.step_px

    def parents(self, i: int, k: int = 1) -> np.ndarray:
        """Index into ``levels[i + k]`` of the tile above each of ``levels[i]``: int64 [N]."""
        child, parent = self.levels[i], self.levels[i + k]
        shift = parent.level - child.level
        width = math.ceil(self.slide_size[0] / parent.step_px) + 1
        keys = parent.row.astype(np.int64) * width + parent.col
        wanted = (child.row >> shift).astype(np.int64) * width + (child.col >> shift)
        return np.searchsorted(keys, wanted)


def build_grid(
    spec: GridSpec,
    slide_mpp: float,
    slide_size: tuple[int, int],
    tissue: TissueFraction | None = None,
) -> TileGrid:
    r"""Lay the grid over a slide and keep the tiles with tissue.

    The finest step is ``round(tile_px * mpps[0] / slide_mpp)`` level-0 px, or a whole multiple of
    ``tile_px`` if one lies within the tolerance; level k has that step times ``2**k``. Finest
    tiles are kept by tissue fraction, partial tiles at the edge count, outside is no tissue. Every
    ancestor of a kept tile is kept.

    Args:
        spec: the request.
        slide_mpp: um a level-0 px.
        slide_size: (width, height) in level-0 px.
        tissue: where tissue is; ``None`` counts the whole slide as tissue.

    Raises:
        SlideError: if the slide is coarser than the finest magnification by more than
            ``spec.max_upsample``.
    """
    step = _finest_step(spec, slide_mpp)
    cols, rows = (math.ceil(size / step) for size in slide_size)
    source = _WholeSlide(slide_size) if tissue is None else tissue
    fraction = source.fraction(0, 0, step, rows, cols)
    kept = np.asarray(fraction) >= spec.min_tissue - 1e-9
    levels = tuple(_level_tiles(kept, fraction, step, number) for number in spec.level_numbers)
    return TileGrid(
        spec=spec,
        slide_mpp=slide_mpp,
        step_px=step,
        effective_mpps=tuple(tiles.step_px * slide_mpp / spec.tile_px for tiles in levels),
        upsample=max(1.0, spec.tile_px / step),
        slide_size=slide_size,
        levels=levels,
    )


def _finest_step(spec: GridSpec, slide_mpp: float) -> int:
    upsample = slide_mpp / spec.mpps[0]
    if upsample > spec.max_upsample * (1 + 1e-9):
        raise SlideError(
            f"slide with mpp={slide_mpp:g} would be upsampled {upsample:.2f} times",
            f"the limit is max_upsample={spec.max_upsample:g} for the finest mpp {spec.mpps[0]:g}",
            f"use a finest mpp of {slide_mpp:g} or more, or leave the slide out",
        )
    exact = spec.tile_px / upsample
    whole = max(1, round(exact / spec.tile_px)) * spec.tile_px
    return whole if abs(whole - exact) <= spec.snap_tolerance * exact else max(1, round(exact))


def _level_tiles(kept: np.ndarray, fraction: np.ndarray, step: int, number: int) -> LevelTiles:
    side = 2**number
    above = _blocks(kept, side).any(axis=(1, 3))
    share = _blocks(fraction, side).mean(axis=(1, 3))
    row, col = np.nonzero(above)
    return LevelTiles(
        level=number,
        row=row.astype(np.int32),
        col=col.astype(np.int32),
        step_px=step * side,
        tissue=share[row, col].astype(np.float32),
    )


def _blocks(cells: np.ndarray, side: int) -> np.ndarray:
    rows, cols = (math.ceil(size / side) for size in cells.shape)
    padding = [(0, rows * side - cells.shape[0]), (0, cols * side - cells.shape[1])]
    return np.pad(cells, padding).reshape(rows, side, cols, side)


@dataclass(frozen=True)
class _WholeSlide:
    size: tuple[int, int]

    def fraction(self, x0: int, y0: int, step: int, rows: int, cols: int) -> np.ndarray:
        width, height = self.size
        across = np.clip(width - (x0 + step * np.arange(cols)), 0, step) / step
        down = np.clip(height - (y0 + step * np.arange(rows)), 0, step) / step
        return down[:, None] * across
