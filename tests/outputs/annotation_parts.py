"""Polygons for the tests of viewers' formats."""

import numpy as np

from monai_ext.outputs.annotation import Annotation


def square(left, top, side):
    corners = [[left, top], [left + side, top], [left + side, top + side], [left, top + side]]
    return np.array(corners, float)


def annotation(*rings, name="gland", **measurements):
    given = {"name": name, "colour": (213, 94, 0), "measurements": measurements}
    return Annotation(rings=rings, **given)


FRAME = annotation(square(10, 20, 50), square(30, 40, 10)[::-1], area=2400.0)
