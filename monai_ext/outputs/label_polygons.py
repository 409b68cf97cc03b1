"""Outlines of pieces of a label map, along the edges of their pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.label_runs import LabelRuns


class PixelPolygon(NamedTuple):
    """A connected piece.

    Rings run anticlockwise in x, y as written, holes clockwise; the last point is not repeated.
    """

    piece: int
    outer: NDArray[np.int64]
    """``[n, 2]``, corners x, y in px."""
    holes: list[NDArray[np.int64]]


class _Corners(NamedTuple):
    """Ends of the vertical edges of outlines, without those where an edge goes straight on."""

    piece: np.ndarray
    y: np.ndarray
    x: np.ndarray
    is_lower: np.ndarray
    """Whether it is the lower end of its vertical edge."""
    is_left: np.ndarray
    """Whether that edge is at the left of its pixels."""


def trace_pieces(piece: np.ndarray, runs: LabelRuns) -> Iterator[PixelPolygon]:
    """Outlines of pieces, exact: the area of the polygon is the number of its pixels.

    Each end of a run is a vertical edge. Where edges of adjacent rows continue each other no corner
    is left; the corners of a line of the grid, from left to right, are in turn the ends of
    horizontal edges, and those of a column, from top to bottom, of vertical ones. At a point where
    two pixels of a piece meet only at their corners the outline turns such that the ground on
    either side stays apart; as the pixels are connected some other way round, every ring passes a
    point once and the polygon is valid for OGC.

    Args:
        piece: int64 [N], piece of each run, ascending; pieces are 4-connected.
        runs: in raster order within a piece.

    Yields:
        One polygon a piece, in order.
    """
    corners = _corners(piece, runs)
    across, along = _horizontal(corners), _vertical(corners)
    begins = corners.is_lower == corners.is_left  # left edges go up, right ones down
    rings = _rings(np.flatnonzero(begins), along, across, corners)
    current, outer, holes = -1, np.empty((0, 2), np.int64), []
    for owner, ring in rings:
        if owner != current:  # the first corner of a piece in raster order is on its outer ring
            if current >= 0:
                yield PixelPolygon(current, outer, holes)
            current, outer, holes = owner, ring, []
        else:
            holes.append(ring)
    if current >= 0:
        yield PixelPolygon(current, outer, holes)


def ring_area(ring: NDArray[np.int64]) -> float:
    """Area that a ring encloses, px2; negative for a hole."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2


def _corners(piece: np.ndarray, runs: LabelRuns) -> _Corners:
    ends = np.concatenate([runs.start, runs.stop])
    row, owner = np.tile(runs.row, 2), np.tile(piece, 2)
    is_left = np.arange(len(ends)) < len(runs)
    every = _Corners(
        np.tile(owner, 2),
        np.concatenate([row, row + 1]),
        np.tile(ends, 2),
        np.arange(2 * len(ends)) >= len(ends),
        np.tile(is_left, 2),
    )
    # Where two pixels meet at a corner only, the end of a left edge comes before that of a right
    order = np.lexsort((~every.is_left, every.x, every.y, every.piece))
    every = _Corners(*(part[order] for part in every))
    same = [part[1:] == part[:-1] for part in (every.piece, every.y, every.x, every.is_left)]
    straight = np.logical_and.reduce(same)
    kept = np.ones(len(every.x), bool)
    kept[1:] &= ~straight
    kept[:-1] &= ~straight
    return _Corners(*(part[kept] for part in every))


def _horizontal(corners: _Corners) -> np.ndarray:
    """Other end of the horizontal edge of each corner; they lie next to each other."""
    return np.arange(len(corners.x)) ^ 1


def _vertical(corners: _Corners) -> np.ndarray:
    """Other end of the vertical edge of each corner."""
    order = np.lexsort((~corners.is_lower, corners.y, corners.x, corners.piece))
    other = np.empty(len(order), np.int64)
    other[order] = order[np.arange(len(order)) ^ 1]
    return other


def _rings(
    begins: np.ndarray, along: np.ndarray, across: np.ndarray, corners: _Corners
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Follow the edges from each corner where a vertical one begins; by piece, outer ring first."""
    down, over = memoryview(along.data), memoryview(across.data)
    passed = bytearray(len(along))
    points = np.stack([corners.x, corners.y], axis=1)
    for begin in begins.tolist():
        if passed[begin]:
            continue
        ring, at = [], begin
        while not passed[at]:
            passed[at] = 1
            end = down[at]
            ring += [at, end]
            at = over[end]
        yield int(corners.piece[begin]), points[ring]
