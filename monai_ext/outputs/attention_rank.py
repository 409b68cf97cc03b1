"""Attention as a percentile rank, so that slides and levels can be looked at alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.grid_index import find_parents
from monai_ext.errors import FeatureError
from monai_ext.outputs.tile_scores import TileScores


def percentile_rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Share of values below, counting equal ones half: :math:`(\#\{<\} + \#\{=\}/2) / n`.

    Uniform values all get 0.5, so attention that prefers nothing shows nothing.

    Example:
        >>> percentile_rank(np.array([3.0, 1.0, 1.0, 9.0])).tolist()
        [0.625, 0.25, 0.25, 0.875]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    return middle[inverse] / max(1, len(values))


def rank_within_levels(tiles: TileScores) -> NDArray[np.float64]:
    """Percentile rank of every tile among those of its own level, [N].

    Levels have different numbers of tiles and their attention may have different sums, so raw
    values of two levels cannot be compared.
    """
    ranks = np.empty(len(tiles))
    for level in tiles.levels:
        mine = tiles.level == level
        ranks[mine] = percentile_rank(tiles.attention[mine])
    return ranks


def combined_rank(tiles: TileScores) -> tuple[TileScores, NDArray[np.float64]]:
    """All levels brought down onto the finest tiles.

    Returns:
        The finest tiles, and for each the mean of its own rank and those of the tiles above it
        that exist. Coarse tiles without a finest one below do not appear.

    Raises:
        FeatureError: if the tiles are on no grid, or there is none.
    """
    if not tiles.is_on_grid:
        raise FeatureError(
            "tiles on no common grid", "levels are combined by rows and columns", "draw one level"
        )
    finest = tiles.of_level(None)
    ranks = rank_within_levels(tiles)
    total, count = np.zeros(len(finest)), np.zeros(len(finest))
    index = np.stack([finest.col, finest.row], axis=1)
    for level in tiles.levels:
        mine = tiles.level == level
        above = np.stack([tiles.col[mine], tiles.row[mine]], axis=1)
        parent = find_parents(index, above, level - tiles.levels[0])
        found = parent >= 0
        total[found] += ranks[mine][parent[found]]
        count += found
    return finest, total / count


def shown_rank(
    tiles: TileScores, level: int | None = None, *, is_combined: bool = False
) -> tuple[TileScores, NDArray[np.float64]]:
    """Tiles and ranks of a picture: one level (``None``: the finest), or all combined."""
    if is_combined:
        return combined_rank(tiles)
    shown = tiles.of_level(level)
    return shown, percentile_rank(shown.attention)
