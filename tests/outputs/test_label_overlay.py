"""Overlays show each class where it is on the slide."""

import numpy as np
import pytest

from monai_ext.outputs.canvas import thumbnail_canvas
from monai_ext.outputs.class_colours import class_colours
from monai_ext.outputs.label_overlay import label_overlay, labels_at
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi import open_slide
from tests.outputs.conftest import SIZE, SQUARE
from tests.outputs.label_parts import label_map

NAMES = ["background", "gland", "stroma"]


def square_map(scale):
    """Class 2 on the dark square of the slide."""
    width, height = (int(np.ceil(edge / scale)) for edge in SIZE)
    centre_x, centre_y = ((np.arange(n) + 0.5) * scale for n in (width, height))
    left, top, right, bottom = SQUARE
    rows, cols = (centre_y >= top) & (centre_y < bottom), (centre_x >= left) & (centre_x < right)
    labels = 2 * np.outer(rows, cols).astype(np.uint8)
    return label_map(labels, scale=scale, mpp=0.5 * scale, size=SIZE)


@pytest.mark.parametrize("scale", [1.0, 4.0, 3.3])
def test_colour_lies_on_the_square_and_nowhere_else(scale, slide):
    picture = label_overlay(square_map(scale), slide, NAMES, long_side_px=250, opacity=1.0)
    shown = np.asarray(picture)[:175, :250]
    is_coloured = (shown == class_colours(3)[2]).all(2)
    dark = thumbnail_canvas(slide, 250).image.mean(2) < 120
    assert dark.sum() == 48 * 48
    strayed = (is_coloured != dark).sum()
    assert strayed <= (0 if scale != 3.3 else 4 * 48)


def test_background_shows_the_slide_and_opacity_mixes(slide):
    found = square_map(4.0)
    thumbnail = thumbnail_canvas(slide, 250).image.astype(float)
    shown = np.asarray(label_overlay(found, slide, NAMES, long_side_px=250, opacity=0.25))
    shown = shown[:175, :250].astype(float)
    inside = labels_at(found, thumbnail_canvas(slide, 250)) > 0
    np.testing.assert_array_equal(shown[~inside], thumbnail[~inside])
    expected = 0.75 * thumbnail[inside] + 0.25 * np.array(class_colours(3)[2])
    np.testing.assert_allclose(shown[inside], expected, atol=0.5)


def test_legend_has_a_box_a_class_without_background_and_grows_with_the_classes(slide):
    page = np.asarray(label_overlay(square_map(4.0), slide, NAMES, long_side_px=250))[175:]
    for label, colour in enumerate(class_colours(3)):
        boxes = (page == colour).all(2).sum()
        assert (boxes > 100) == (label > 0)  # grey occurs at the edges of letters
    fewer = label_overlay(square_map(4.0), slide, [*NAMES, "third"], long_side_px=250)
    assert fewer.height - 175 - len(page) == 19


def test_scale_bar_has_the_length_that_it_says(slide):
    page = np.asarray(label_overlay(square_map(4.0), slide, NAMES, long_side_px=250))[175:]
    dark = (page < 60).all(2)
    bar = max(
        np.diff(np.flatnonzero(np.diff([0, *row.astype(int), 0])))[::2].max()
        for row in dark
        if row.any()
    )
    assert bar * 2.0 == 200.0  # um: 4 level-0 px of 0.5 um a pixel


def test_an_image_of_one_pixel_has_an_overlay(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", np.zeros((1, 1, 3), np.uint8), factors=(1,))
    found = label_map(np.ones((1, 1), np.uint8), scale=1.0, mpp=0.5)
    with open_slide(path) as slide:
        picture = label_overlay(found, slide, NAMES, long_side_px=100, opacity=1.0)
    assert picture.getpixel((0, 0)) == class_colours(3)[1]
