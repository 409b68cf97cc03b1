"""Every id has its own colour, and the known ones are those of class pictures."""

import numpy as np

from monai_ext.outputs.class_colours import class_colours
from monai_ext.outputs.label_colours import UNKNOWN, label_colours, palette


def test_first_colours_are_those_of_classes():
    assert palette(8).tolist() == [list(colour) for colour in class_colours(8)]


def test_no_colour_comes_twice_among_forty():
    assert len(np.unique(palette(40), axis=0)) == 40


def test_longer_palette_begins_as_the_shorter():
    np.testing.assert_array_equal(palette(30)[:12], palette(12))


def test_ids_outside_are_unknown():
    assert label_colours([[-300, 255, 300]]).tolist()[0] == [list(UNKNOWN)] * 3
    assert label_colours([254]).tolist() == palette(255)[-1:].tolist()
