"""Percentile ranks, within a level and brought down from all levels."""

import numpy as np
import pytest
from scipy.stats import rankdata

from monai_ext.errors import FeatureError
from monai_ext.outputs.attention_rank import (
    combined_rank,
    percentile_rank,
    rank_within_levels,
    shown_rank,
)
from monai_ext.outputs.tile_scores import tile_scores


def test_rank_agrees_with_scipy_and_counts_equals_half():
    values = np.random.default_rng(0).integers(0, 20, 100).astype(float)
    np.testing.assert_allclose(percentile_rank(values), (rankdata(values) - 0.5) / 100)


def test_equal_attention_ranks_in_the_middle():
    assert percentile_rank(np.ones(7)).tolist() == [0.5] * 7


def test_scale_of_a_level_does_not_matter():
    values = np.random.default_rng(0).random(20)
    level = np.repeat([0, 1], 10)
    index = (level, np.zeros(20), np.tile(np.arange(10), 2))
    one = rank_within_levels(tile_scores(values, index, 1.0))
    other = rank_within_levels(tile_scores(values * np.where(level, 1e6, 1), index, 1.0))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one[:10], percentile_rank(values[:10]))


def _two_levels():
    level = [1, 1, 1, 2, 2]  # 10x and 5x of a 20/10/5 grid; tile (1, 9, 9) has none above
    row, col = [0, 3, 9, 0, 1], [1, 2, 9, 0, 1]
    return tile_scores([0.1, 0.3, 0.2, 7.0, 5.0], (level, row, col), 64.0 * 2.0 ** np.array(level))


def test_combined_rank_is_the_mean_over_a_tile_and_those_above_it():
    finest, rank = combined_rank(_two_levels())
    assert finest.level.tolist() == [1, 1, 1]
    own, above = [1 / 6, 5 / 6, 3 / 6], [0.75, 0.25]
    np.testing.assert_allclose(rank, [(own[0] + above[0]) / 2, (own[1] + above[1]) / 2, own[2]])


def test_shown_level_is_ranked_alone():
    tiles, rank = shown_rank(_two_levels(), 2)
    assert tiles.level.tolist() == [2, 2]
    assert rank.tolist() == [0.75, 0.25]


def test_tiles_on_no_grid_are_not_combined():
    tiles = tile_scores([1.0], ([0], [0], [0]), 1.0, is_on_grid=False)
    with pytest.raises(FeatureError, match=r"no common grid.*draw one level"):
        shown_rank(tiles, is_combined=True)
