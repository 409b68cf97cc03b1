"""One row of tiles that fills up while stored tiles are decoded."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from monai_ext.wsi.buffer_ring import BufferRing
from monai_ext.wsi.cover import cover
from monai_ext.wsi.resample import resample, resample_box
from monai_ext.wsi.tiff_layout import TiledLevel


class Piece(NamedTuple):
    """Columns of a stored tile that belong to one crop; slices count bytes of a pixel row."""

    slot: int
    crop: slice
    tile: slice


class CropRow:
    """The kept tiles of one grid row as crops of a stored level.

    Args:
        table: the stored level.
        step: edge of a tile in px of the stored level, fractions allowed.
        row: of the grid.
        cols: int [n], kept columns of the grid, ascending.
        ring: where the pixels come from.
    """

    def __init__(
        self, table: TiledLevel, step: float, row: int, cols: np.ndarray, ring: BufferRing
    ) -> None:
        self._table = table
        self.rows = cover(row * step, (row + 1) * step)
        self.cols = [cover(col * step, (col + 1) * step) for col in cols.tolist()]
        self.top, self.bottom = self.rows.first, self.rows.first + self.rows.count
        width = max(part.count for part in self.cols)
        self.pixels = ring.take(len(cols), self.rows.count, width * 3)
        self._whiten()
        self.pieces = self._pieces()

    def _whiten(self) -> None:
        """Fill what no stored tile will write: what lies beyond the level."""
        if self.bottom > self._table.height:
            self.pixels[:] = 255
        for slot in range(len(self.cols) - 1, -1, -1):
            if self.cols[slot].first + self.cols[slot].count <= self._table.width:
                break
            self.pixels[slot] = 255

    def _pieces(self) -> dict[int, list[Piece]]:
        edge = self._table.tile_width
        pieces: dict[int, list[Piece]] = defaultdict(list)
        for slot, part in enumerate(self.cols):
            stop = min(part.first + part.count, self._table.width)
            for col in range(part.first // edge, -(-stop // edge)):
                low, high = max(part.first, col * edge), min(stop, (col + 1) * edge)
                crop = slice(3 * (low - part.first), 3 * (high - part.first))
                pieces[col].append(
                    Piece(slot, crop, slice(3 * (low - col * edge), 3 * (high - col * edge)))
                )
        return dict(pieces)

    def share(self, row: int) -> tuple[slice, slice]:
        """Rows of the crops, and of the tiles, that the stored row ``row`` gives."""
        edge = self._table.tile_height
        low = max(self.top, row * edge)
        high = min(self.bottom, (row + 1) * edge, self._table.height)
        return slice(low - self.top, high - self.top), slice(low - row * edge, high - row * edge)

    @property
    def is_whole(self) -> bool:
        """Whether the tiles start and end at pixel edges."""
        return self.rows.is_whole and all(part.is_whole for part in self.cols)

    @property
    def crops(self) -> np.ndarray:
        """The crops as uint8 [n, h, w, 3]."""
        return self.pixels.reshape(*self.pixels.shape[:2], -1, 3)

    def resample(self, out_px: int, slots: slice, out: np.ndarray) -> None:
        """Bring the crops of ``slots`` to their final size, into ``out[slots]``."""
        if self.is_whole:
            out[slots] = resample(self.crops[slots], out_px, out_px)
            return
        for slot in range(*slots.indices(len(self.cols))):
            part = self.cols[slot]
            box = (part.start, self.rows.start, part.stop, self.rows.stop)
            out[slot] = resample_box(self.crops[slot, :, : part.count], box, out_px, out_px)
