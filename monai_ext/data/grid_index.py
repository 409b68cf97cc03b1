"""From level-0 coordinates to rows and columns of a grid, and from tiles to their parents."""

from __future__ import annotations

import numpy as np

OFF_GRID_STEPS = 0.1
"""Coordinates further than this from the grid, in steps, are not on it."""


def grid_index(
    coords: np.ndarray, step: float, *, is_drifting: bool = False
) -> tuple[np.ndarray, float]:
    """Column and row of every tile on the grid anchored at (0, 0).

    Args:
        coords: ``[N, 2]`` x, y.
        step: distance of neighbouring tiles, the unit of ``coords``.
        is_drifting: count cells from one occupied column (row) to the next instead of from the
            slide's corner. STAMP needs it: it rounds its blocks of tiles up to whole pixels, so
            that the true step is up to a pixel longer than the one it writes, which adds up.

    Returns:
        int64 ``[N, 2]`` column, row; and the largest distance to the grid, in steps.

    Example:
        >>> grid_index(np.array([[0, 0], [512, 1024]]), 512.0)[0].tolist()
        [[0, 0], [1, 2]]
    """
    if len(coords) == 0:
        return np.zeros((0, 2), np.int64), 0.0
    axes = [_counted(axis / step) if is_drifting else _rounded(axis / step) for axis in coords.T]
    return np.stack([index for index, _ in axes], axis=1), max(error for _, error in axes)


def find_parents(index: np.ndarray, coarse: np.ndarray, halvings: int) -> np.ndarray:
    """Position in ``coarse`` of the tile that covers each tile of ``index``.

    The parent of cell (col, row) k levels up is (col >> k, row >> k).

    Args:
        index: int64 ``[N, 2]`` column, row; not negative.
        coarse: int64 ``[M, 2]``, no cell twice.
        halvings: k, how many levels ``coarse`` lies above.

    Returns:
        int64 ``[N]``; -1 where ``coarse`` lacks the parent.
    """
    if len(coarse) == 0 or len(index) == 0:
        return np.full(len(index), -1, np.int64)
    wanted = index >> halvings
    width = int(max(wanted[:, 0].max(), coarse[:, 0].max())) + 1
    keys, coarse_keys = (cell[:, 1] * width + cell[:, 0] for cell in (wanted, coarse))
    order = np.argsort(coarse_keys)
    place = np.searchsorted(coarse_keys, keys, sorter=order).clip(max=len(coarse) - 1)
    found = order[place]
    return np.where(coarse_keys[found] == keys, found, -1)


def has_repeats(index: np.ndarray) -> bool:
    """Whether two rows of the int64 ``[N, 2]`` (column, row; not negative) are the same cell."""
    if len(index) == 0:
        return False
    keys = np.sort(index[:, 1] * (int(index[:, 0].max()) + 1) + index[:, 0])
    return bool((keys[1:] == keys[:-1]).any())


def _rounded(position: np.ndarray) -> tuple[np.ndarray, float]:
    index = np.rint(position)
    return index.astype(np.int64), float(np.abs(position - index).max())


def _counted(position: np.ndarray) -> tuple[np.ndarray, float]:
    places, inverse = np.unique(position, return_inverse=True)
    gaps = np.diff(places, prepend=np.rint(places[0]))
    whole = np.rint(gaps)
    error = float(np.abs(gaps - whole).max())
    return whole.cumsum().astype(np.int64)[inverse] + int(np.rint(places[0])), error
