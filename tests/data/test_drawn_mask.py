import numpy as np
import pytest

from monai_ext.data.drawing import Drawing, DrawnPolygon
from monai_ext.data.drawn_mask import drawn_mask
from monai_ext.errors import AnnotationError
from tests.outputs.annotation_parts import FRAME, square

NAMES = ["background", "gland", "tumour"]


def drawing(*parts):
    return Drawing(tuple(DrawnPolygon(name, tuple(rings)) for name, *rings in parts))


def test_holes_and_what_lies_on_another_are_seen_whatever_the_order():
    parts = [("gland", *FRAME.rings), ("Tumour", square(12, 22, 6))]
    for given in (parts, parts[::-1]):
        mask = drawn_mask(drawing(*given), NAMES, (80, 80))
        expected = np.zeros((80, 80), np.uint8)
        expected[20:70, 10:60] = 1
        expected[40:50, 30:40] = 0
        expected[22:28, 12:18] = 2
        np.testing.assert_array_equal(mask, expected)
        assert mask.dtype == np.uint8


def test_regions_tell_what_counts():
    parts = [
        ("gland", square(0, 0, 20)),
        ("Region*", square(10, 10, 20)),
        ("Ignore*", square(12, 12, 4)),
    ]
    mask = drawn_mask(drawing(*parts), NAMES, (40, 40))
    expected = np.full((40, 40), 255, np.uint8)
    expected[10:30, 10:30] = 0
    expected[10:20, 10:20] = 1
    expected[12:16, 12:16] = 255
    np.testing.assert_array_equal(mask, expected)


def test_a_mask_of_a_part_at_another_scale():
    mask = drawn_mask(
        drawing(("gland", square(100, 60, 40))), NAMES, (20, 30), corner=(90, 50), scale=(2, 2)
    )
    expected = np.zeros((20, 30), np.uint8)
    expected[5:20, 5:25] = 1
    np.testing.assert_array_equal(mask, expected)


def test_what_is_ignored_is_so_whatever_lies_in_it():
    drawn = drawing(("gland", square(4, 4, 3)), ("Ignore*", square(0, 0, 9)))
    mask = drawn_mask(drawn, NAMES, (10, 10))
    assert (mask[:9, :9] == 255).all()
    assert (mask == 0).sum() == 19


def test_background_may_be_drawn_over_a_gland():
    mask = drawn_mask(
        drawing(("gland", square(0, 0, 10)), ("background", square(2, 2, 3))), NAMES, (10, 10)
    )
    assert mask.sum() == 91


def test_other_classes_are_refused_by_name():
    with pytest.raises(
        AnnotationError,
        match=r"polygons of class nerve, stroma\. Rule: the classes are background, gland",
    ):
        drawn_mask(drawing(("stroma", square(0, 0, 5)), ("nerve", square(0, 0, 5))), NAMES, (9, 9))


def test_nothing_drawn_is_background():
    assert not drawn_mask(Drawing(()), NAMES, (5, 6)).any()
