"""Polygons to pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fill_rings(rings: Sequence[np.ndarray], height: int, width: int) -> np.ndarray:
    """Pixels whose centre lies inside an odd number of rings.

    A ring inside a ring is a hole. Where a row of pixel centres crosses an edge, the pixels to
    the right change sides; crossings on the same pixel cancel.

    Args:
        rings: float [n, 2] each, x and y in px, last point = first point.
        height: px.
        width: px.

    Returns:
        bool [height, width].
    """
    turns = np.zeros((height, width + 1), np.int32)
    for ring in rings:
        start, stop = ring[:-1], ring[1:]
        rows, edges = _crossed_rows(start[:, 1], stop[:, 1], height)
        run, rise = (stop - start)[edges].T
        x = start[edges, 0] + (rows + 0.5 - start[edges, 1]) * run / rise
        columns = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
        np.add.at(turns, (rows, columns), 1)
    return np.cumsum(turns[:, :-1], axis=1) % 2 == 1


def _crossed_rows(
    start: np.ndarray, stop: np.ndarray, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose centre line each edge crosses: (row, edge) pairs."""
    first = np.clip(np.ceil(np.minimum(start, stop) - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(np.maximum(start, stop) - 0.5), 0, height).astype(np.int64)
    count = last - first
    edges = np.repeat(np.arange(len(start)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return first[edges] + within, edges
