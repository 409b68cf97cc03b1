"""Outlines lie inside their regions, truth under prediction, and the rest is the image."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_cdt

from monai_ext.outputs.outline_overlay import PREDICTION_COLOUR, TRUTH_COLOUR, outline_overlay


def regions(top, left, side, value=1, size=(60, 350)):
    classes = np.zeros(size, dtype=int)
    classes[top : top + side, left : left + side] = value
    return classes


def coloured(picture, colour, size=(60, 350)):
    return (np.asarray(picture)[: size[0], : size[1]] == colour).all(axis=2)


@pytest.fixture
def image():
    return np.full((60, 350, 3), 77, dtype=np.uint8)


def depth(classes):
    """Steps to the outside of the region, 1 at its edge."""
    return distance_transform_cdt(classes > 0, metric="taxicab")


def test_truth_is_three_px_and_prediction_one_px_inside_the_region(image):
    truth, predicted = regions(5, 10, 20), regions(30, 100, 15)
    picture = outline_overlay(image, truth, predicted)
    np.testing.assert_array_equal(
        coloured(picture, TRUTH_COLOUR), (depth(truth) >= 1) & (depth(truth) <= 3)
    )
    np.testing.assert_array_equal(coloured(picture, PREDICTION_COLOUR), depth(predicted) == 1)


def test_prediction_lies_over_truth_and_the_rest_is_the_image(image):
    both = regions(5, 10, 20)
    picture = outline_overlay(image, both, both)
    np.testing.assert_array_equal(coloured(picture, PREDICTION_COLOUR), depth(both) == 1)
    np.testing.assert_array_equal(
        coloured(picture, TRUTH_COLOUR), (depth(both) == 2) | (depth(both) == 3)
    )
    untouched = (depth(both) == 0) | (depth(both) > 3)
    assert (np.asarray(picture)[:60, :350][untouched] == 77).all()


def test_two_classes_that_touch_have_an_outline_each(image):
    predicted = regions(5, 10, 20) + regions(5, 30, 20, value=2)
    drawn = coloured(outline_overlay(image, predicted * 0, predicted), PREDICTION_COLOUR)
    assert drawn[10:20, 29:31].all()


def test_large_images_have_broader_lines():
    big = np.zeros((800, 800), dtype=int)
    big[100:700, 100:700] = 1
    image = np.zeros((800, 800, 3), dtype=np.uint8)
    drawn = coloured(outline_overlay(image, 0 * big, big), PREDICTION_COLOUR, (800, 800))
    assert drawn[400].sum() == 8


def test_legend_has_both_colours_below_and_the_image_is_not_changed(image):
    nothing = np.zeros((60, 350), dtype=int)
    picture = np.asarray(outline_overlay(image, nothing, regions(5, 5, 9)))
    below = {tuple(pixel) for pixel in picture[60:].reshape(-1, 3)}
    assert {TRUTH_COLOUR, PREDICTION_COLOUR} <= below
    assert image.min() == image.max() == 77


def test_narrow_images_get_a_page_that_holds_the_legend():
    picture = outline_overlay(np.zeros((20, 20, 3), np.uint8), *np.zeros((2, 20, 20), int))
    assert picture.size == (300, 44)


def test_a_pixel_that_touches_the_outside_by_a_corner_only_is_no_edge(image):
    predicted = regions(5, 10, 20)
    predicted[5, 10] = 0
    drawn = coloured(outline_overlay(image, 0 * predicted, predicted), PREDICTION_COLOUR)
    assert not drawn[6, 11]
    assert drawn[6, 10]
