"""Thumbnail: place, strips, size; the plain ground."""

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.outputs import canvas as canvas_file
from monai_ext.outputs.canvas import plain_canvas, thumbnail_canvas
from monai_ext.outputs.slide_frame import SlideFrame
from tests.outputs.conftest import SIZE, SQUARE


def _dark_box(image):
    rows, cols = np.nonzero(image.mean(axis=2) < 150)
    return cols.min(), rows.min(), cols.max() + 1, rows.max() + 1


def test_thumbnail_shows_the_square_at_its_place(slide):
    canvas = thumbnail_canvas(slide, 500)
    assert (canvas.downsample, canvas.size) == (2, (500, 350))
    np.testing.assert_allclose(_dark_box(canvas.image), np.array(SQUARE) / 2, atol=1)


def test_thumbnail_begins_at_the_bounds(bounded):
    canvas = thumbnail_canvas(bounded, 350)
    assert (canvas.downsample, canvas.size) == (2, (350, 250))
    expected = (np.array(SQUARE) - [150, 90, 150, 90]) / 2
    np.testing.assert_allclose(_dark_box(canvas.image), expected, atol=1)


@pytest.mark.parametrize("long_side_px", [1000, 334, 77])
def test_strips_give_the_same_picture(slide, long_side_px, monkeypatch):
    whole = thumbnail_canvas(slide, long_side_px).image
    monkeypatch.setattr(canvas_file, "_STRIP_PX", 20_000)
    stripped = thumbnail_canvas(slide, long_side_px).image
    assert np.abs(whole.astype(int) - stripped).max() <= (0 if long_side_px == 1000 else 40)
    assert np.abs(whole.astype(int) - stripped).mean() < 0.5


def test_strips_bound_what_is_read_at_a_time(slide, monkeypatch):
    monkeypatch.setattr(canvas_file, "_STRIP_PX", 20_000)
    read = []

    class Watched:
        info = slide.info

        @staticmethod
        def read_region(x, y, width, height, level):
            read.append(width * height)
            return slide.read_region(x, y, width, height, level)

    thumbnail_canvas(Watched, 334)  # three level-0 px a pixel, from the level of two
    assert 10_000 < max(read) <= 20_000
    assert sum(read) >= 500 * 350


def test_plain_ground_has_the_shape_of_the_frame():
    canvas = plain_canvas(SlideFrame(0, 0, *SIZE), 300)
    assert (canvas.downsample, canvas.size) == (4, (250, 175))
    assert len(np.unique(canvas.image)) == 1


def test_picture_without_size_is_refused(slide):
    with pytest.raises(SettingError, match="long_side_px=0"):
        thumbnail_canvas(slide, 0)
