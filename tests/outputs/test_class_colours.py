"""Colours of classes."""

import pytest

from monai_ext.outputs.class_colours import class_colours


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_classes_differ_in_colour(count):
    colours = class_colours(count)
    assert len(set(colours)) == len(colours) == count
    assert class_colours(count + 1)[:count] == colours


def test_from_the_eighth_class_on_colours_come_again():
    colours = class_colours(10)
    assert colours[8] == colours[1]
    assert colours[9] == colours[2]
