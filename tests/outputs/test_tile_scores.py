"""Tiles in their places: sides by level, padding left out, refusals."""

import numpy as np
import pytest

from monai_ext.errors import FeatureError
from monai_ext.outputs.tile_scores import tile_scores

INDEX = ([0, 0, 1, -1], [0, 3, 1, 0], [1, 2, 1, 0])
SIDE = 100.0 * 2.0 ** np.array(INDEX[0])


def test_corner_is_column_and_row_times_side_without_padding():
    tiles = tile_scores([0.1, 0.2, 0.3, 9.0], INDEX, SIDE)
    assert tiles.edges().tolist() == [
        [100, 0, 200, 100],
        [200, 300, 300, 400],
        [200, 200, 400, 400],
    ]
    assert tiles.attention.tolist() == [0.1, 0.2, 0.3]
    assert tiles.levels == (0, 1)


def test_fractional_side_leaves_no_gap_between_neighbours():
    tiles = tile_scores(np.ones(50), ([0] * 50, [0] * 50, range(50)), 33.37)
    edges = tiles.edges()
    assert np.abs(edges[:-1, 2] - edges[1:, 0]).max() <= 1
    assert edges[-1, 2] == round(50 * 33.37)


@pytest.mark.parametrize("n", [3, 4])
def test_given_corners_count_with_or_without_those_of_padding(n):
    corner = np.array([[7, 5], [207, 305], [207, 205], [-1, -1]])[:n]
    tiles = tile_scores(np.arange(4.0), INDEX, SIDE, corner=corner)
    assert tiles.corner.tolist() == [[7, 5], [207, 305], [207, 205]]


def test_one_level_is_taken_out_and_by_default_the_finest():
    tiles = tile_scores(np.arange(4.0), INDEX, SIDE)
    assert tiles.of_level(1).attention.tolist() == [2.0]
    assert tiles.of_level(None).attention.tolist() == [0.0, 1.0]
    with pytest.raises(FeatureError, match=r"no tile of level 2.*levels \[0, 1\]"):
        tiles.of_level(2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attention": [1.0, 2.0]}, r"\(2,\) attention values for 4 tiles"),
        ({"attention": [1.0, np.nan, np.inf, 0.0]}, "2 attention values are nan"),
        ({"side": 0.0}, "tiles without a side.*--step_px"),
        ({"side": np.nan}, "tiles without a side"),
        ({"corner": np.zeros((2, 2))}, r"corners of shape \(2, 2\) for 3 tiles"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = {"attention": np.arange(4.0), "index": INDEX, "side": SIDE} | change
    with pytest.raises(FeatureError, match=message):
        tile_scores(**given)


def test_attention_of_padding_may_be_anything():
    assert len(tile_scores([0.1, 0.2, 0.3, np.nan], INDEX, SIDE)) == 3
