"""Tiles of several magnifications from one pass over a stored level."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from monai_ext.wsi.buffer_ring import BufferRing
from monai_ext.wsi.cover import cover
from monai_ext.wsi.crop_row import CropRow, Piece
from monai_ext.wsi.strip_decoder import StripDecoder
from monai_ext.wsi.tiff_layout import TiledLevel

Batch = tuple[int, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class CropRequest:
    """One grid row of kept tiles, to be cut from a stored level.

    Args:
        level: index of the grid level.
        step: edge of a tile in px of the stored level, fractions allowed.
        row: of the grid.
        cols: int [n], kept columns, ascending.
        index: int64 [n], their place in the grid level.
    """

    level: int
    step: float
    row: int
    cols: np.ndarray
    index: np.ndarray

    @property
    def top(self) -> int:
        """First row of px that is needed."""
        return cover(self.row * self.step, (self.row + 1) * self.step).first


class _Share(NamedTuple):
    """What one stored row of tiles gives to one row of crops."""

    pixels: np.ndarray
    crop_rows: slice
    tile_rows: slice
    pieces: dict[int, list[Piece]]


def read_strips(
    decoder: StripDecoder,
    stored: int,
    requests: Sequence[CropRequest],
    out_px: int,
    threads: int,
) -> Iterator[Batch]:
    """Decode each stored tile that is needed once, in row order, and cut the tiles from it.

    A stored row of tiles is shared out to the threads in runs of columns: they write to different
    pixels of the same crops, so nothing is decoded twice and no lock is needed. Memory holds the
    rows of crops that the current stored row touches.

    Args:
        decoder: of the slide.
        stored: index of the stored level.
        requests: grid rows, of one or more grid levels.
        out_px: edge of the tiles given.
        threads: number of decoding threads, this one included.

    Yields:
        Index of the grid level, index of the tiles int64 [n], uint8 [n, out_px, out_px, 3]; the
        rows of a level in order.
    """
    table = decoder.levels[stored]
    waiting = deque(sorted(requests, key=lambda request: request.top))
    ring = BufferRing()
    filling: list[tuple[CropRequest, CropRow]] = []
    scratch = np.empty((threads, table.tile_height * table.tile_width * 3), np.uint8)
    with ThreadPoolExecutor(threads) as pool:
        for row in range(table.rows):
            bottom = (row + 1) * table.tile_height if row + 1 < table.rows else math.inf
            while waiting and waiting[0].top < bottom:
                filling.append(_open_row(table, waiting.popleft(), ring))
            if filling:
                _fill(decoder, stored, row, [crops for _, crops in filling], scratch, pool)
            ready = [item for item in filling if item[1].bottom <= bottom]
            filling = [item for item in filling if item[1].bottom > bottom]
            while ready:
                request, crops = ready.pop(0)
                yield request.level, request.index, _finish(crops, out_px, threads, pool, ring)


def _finish(
    crops: CropRow, out_px: int, threads: int, pool: ThreadPoolExecutor, ring: BufferRing
) -> np.ndarray:
    """The filled crops at their final size, each thread a run of them."""
    if crops.is_whole and crops.crops.shape[1:3] == (out_px, out_px):
        return crops.crops
    out = ring.take(len(crops.cols), out_px, out_px, 3)
    cuts = np.linspace(0, len(out), threads + 1).astype(int).tolist()
    slots = [slice(low, high) for low, high in itertools.pairwise(cuts) if low < high]
    jobs = [pool.submit(crops.resample, out_px, part, out) for part in slots[1:]]
    crops.resample(out_px, slots[0], out)
    for job in jobs:
        job.result()
    return out


def _open_row(
    table: TiledLevel, request: CropRequest, ring: BufferRing
) -> tuple[CropRequest, CropRow]:
    return request, CropRow(table, request.step, request.row, request.cols, ring)


def _fill(
    decoder: StripDecoder,
    stored: int,
    row: int,
    crops: Sequence[CropRow],
    scratch: np.ndarray,
    pool: ThreadPoolExecutor,
) -> None:
    """Decode the stored row ``row`` and share it out."""
    shares = [_Share(part.pixels, *part.share(row), part.pieces) for part in crops]
    columns = sorted(set().union(*(share.pieces for share in shares)))
    runs = [run.tolist() for run in np.array_split(columns, len(scratch)) if len(run)]

    def decode(run: list[int], own: np.ndarray) -> None:
        for col in run:
            target = _whole_crop(shares, col, decoder.levels[stored])
            pixels = decoder.decode(stored, row, col, own if target is None else target)
            _copy(pixels.reshape(pixels.shape[0], -1), shares, col, target)

    jobs = [pool.submit(decode, run, own) for run, own in zip(runs[1:], scratch[1:], strict=False)]
    for run in runs[:1]:
        decode(run, scratch[0])
    for job in jobs:
        job.result()


def _whole_crop(shares: Sequence[_Share], col: int, table: TiledLevel) -> np.ndarray | None:
    """The crop that is exactly this stored tile, to decode straight into, if there is one."""
    whole = slice(0, table.tile_height), slice(0, 3 * table.tile_width)
    for pixels, crop_rows, tile_rows, pieces in shares:
        if (
            pixels.shape[1:] == (whole[0].stop, whole[1].stop)
            and crop_rows == tile_rows == whole[0]
        ):
            for slot, crop, tile in pieces.get(col, ()):
                if crop == tile == whole[1]:
                    return pixels[slot]
    return None


def _copy(tile: np.ndarray, shares: Sequence[_Share], col: int, done: np.ndarray | None) -> None:
    for pixels, crop_rows, tile_rows, pieces in shares:
        for slot, crop, part in pieces.get(col, ()):
            target = pixels[slot, crop_rows, crop]
            if done is None or not np.may_share_memory(target, done):
                target[:] = tile[tile_rows, part]
