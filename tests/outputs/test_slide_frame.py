"""Frames: bounds where the slide has them, and tiles clipped to them."""

import numpy as np

from monai_ext.outputs.slide_frame import SlideFrame, clipped_edges, slide_frame, tiles_frame
from monai_ext.outputs.tile_scores import tile_scores
from tests.outputs.conftest import SIZE, grid_tiles


def test_frame_is_the_bounds_or_the_whole_slide(slide, bounded):
    assert slide_frame(slide.info) == SlideFrame(0, 0, *SIZE)
    assert slide_frame(bounded.info) == SlideFrame(150, 90, 700, 500)


def test_frame_without_slide_is_its_size_or_reaches_the_last_tile():
    assert tiles_frame(grid_tiles()) == SlideFrame(0, 0, *SIZE)
    free = tile_scores([1.0, 1.0], ([0, 0], [0, 4], [7, 2]), 10.0)
    assert tiles_frame(free) == SlideFrame(0, 0, 80, 50)


def test_tiles_are_shifted_and_cut_to_the_frame():
    tiles = tile_scores(np.ones(3), ([0] * 3, [0, 1, 3], [0, 1, 3]), 100.0)
    edges = clipped_edges(tiles, SlideFrame(50, 50, 200, 120))
    assert edges.tolist() == [[0, 0, 50, 50], [50, 50, 150, 120], [200, 120, 200, 120]]
