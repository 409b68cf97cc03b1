"""Tiles as polygons say where they are and what they were given."""

import numpy as np
import pytest

from monai_ext.errors import FeatureError
from monai_ext.outputs.attention_rank import rank_within_levels
from monai_ext.outputs.slide_frame import SlideFrame
from monai_ext.outputs.tile_annotations import tile_annotations
from tests.outputs.conftest import SIZE, STEP, grid_tiles

FRAME = SlideFrame(0, 0, *SIZE)


def test_tiles_are_squares_with_attention_and_rank():
    tiles = grid_tiles((0, 1))
    found = list(tile_annotations(tiles, FRAME, (1, 2, 3)))
    fine = tiles.of_level(0)
    assert {(one.name, one.colour) for one in found} == {("tile, level 0", (1, 2, 3))}
    assert [tuple(one.rings[0][0]) for one in found] == [tuple(corner) for corner in fine.corner]
    np.testing.assert_array_equal(np.ptp(found[0].rings[0], axis=0), [STEP, STEP])
    for name, values in (
        ("attention", fine.attention),
        ("attention rank", rank_within_levels(fine)),
    ):
        measured = [one.measurements[name] for one in found]
        np.testing.assert_allclose(measured, values, atol=1e-6)
    assert set(found[0].measurements) == {"attention", "attention rank"}


def test_levels_are_classes_of_their_own():
    found = list(tile_annotations(grid_tiles((0, 1)), FRAME, (0, 0, 0), [1, 0]))
    assert list(dict.fromkeys(one.name for one in found)) == ["tile, level 1", "tile, level 0"]
    with pytest.raises(FeatureError, match="no tile of level 7"):
        list(tile_annotations(grid_tiles(), FRAME, (0, 0, 0), [7]))


def test_coordinates_count_from_the_frame():
    (first, *_) = tile_annotations(grid_tiles(), SlideFrame(32, 16, 700, 500), (0, 0, 0))
    assert first.rings[0].min(0).tolist() == [0, 0]
    assert first.rings[0].max(0).tolist() == [STEP - 32, STEP - 16]
