"""Order of the colours survives grey."""

import numpy as np

from monai_ext.outputs.heat_colours import heat_colours


def test_lightness_grows_with_the_value():
    luma = heat_colours(np.linspace(0, 1, 101)) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luma) > 0).all()
    assert luma[-1] - luma[0] > 150


def test_values_outside_are_clipped():
    np.testing.assert_array_equal(heat_colours([-1.0, 2.0]), heat_colours([0.0, 1.0]))
