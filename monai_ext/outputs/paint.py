"""Squares with a value, laid on a raster exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SEEN = 1e-6  # share of a pixel below which rounding, not a tile, covers it


def paint_rectangles(
    edges: NDArray[np.float64], values: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Average of the rectangles in every pixel, weighted by the area they cover of it.

    The covered length of pixel :math:`i` by :math:`[a, b)` is a difference of two ramps, and a
    ramp is the running sum of two numbers; so sixteen numbers a rectangle and two running sums
    give exact areas, whether tiles are smaller or larger than a pixel. Memory is that of the
    raster, time N plus the raster.

    Args:
        edges: left, top, right, bottom in px of the raster, [N, 4]; parts outside are cut.
        values: [N].
        size: width and height W, H of the raster.

    Returns:
        Mean value [H, W], 0 where there is none, and covered share [H, W], 0 to 1 (above 1
        where rectangles overlap).
    """
    width, height = size
    limit = np.array([width, height, width, height], dtype=np.float64)
    left, top, right, bottom = np.clip(edges, 0, limit).T
    weight, total = np.zeros((2, (height + 2) * (width + 2)))
    for x, sign_x in ((left, 1.0), (right, -1.0)):
        for y, sign_y in ((top, 1.0), (bottom, -1.0)):
            for place, share in _corner_steps(x, y, width + 2):
                amount = sign_x * sign_y * share
                weight += np.bincount(place, amount, len(weight))
                total += np.bincount(place, amount * values, len(total))
    cover, mass = (_running_sum(flat, size) for flat in (weight, total))
    cover[cover < _SEEN] = 0
    return np.divide(mass, cover, out=np.zeros_like(mass), where=cover > 0), cover


def _corner_steps(
    x: NDArray[np.float64], y: NDArray[np.float64], stride: int
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Places and amounts whose running sums are the quadrant right of ``x`` and below ``y``."""
    column, line = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    past_x, past_y = x - column, y - line
    return [
        (line * stride + column, (1 - past_y) * (1 - past_x)),
        (line * stride + column + 1, (1 - past_y) * past_x),
        ((line + 1) * stride + column, past_y * (1 - past_x)),
        ((line + 1) * stride + column + 1, past_y * past_x),
    ]


def _running_sum(flat: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    width, height = size
    grid = flat.reshape(height + 2, width + 2).cumsum(axis=0).cumsum(axis=1)
    return grid[:height, :width]
