import numpy as np
import pytest
from shapely import Point, Polygon

from monai_ext.wsi.polygon_raster import fill_rings


def test_rectangle_fills_the_pixels_whose_centres_it_holds():
    ring = np.array([[1.4, 0.6], [4.6, 0.6], [4.6, 2.5], [1.4, 2.5], [1.4, 0.6]])
    filled = fill_rings([ring], 4, 6)
    expected = np.zeros((4, 6), bool)
    expected[1:2, 1:5] = True
    expected[2, 1:5] = False
    np.testing.assert_array_equal(filled, expected)


@pytest.mark.parametrize("seed", range(5))
def test_polygons_with_holes_agree_with_point_in_polygon(seed):
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.random(14)) * 2 * np.pi
    radius = rng.uniform(8, 30, 14)
    outer = np.stack([25 + radius * np.cos(angles), 20 + radius * np.sin(angles)], 1)
    inner = np.stack([25 + 3 * np.cos(angles[::-1]), 20 + 3 * np.sin(angles[::-1])], 1)
    rings = [np.concatenate([ring, ring[:1]]) for ring in (outer, inner)]
    polygon = Polygon(rings[0]).symmetric_difference(Polygon(rings[1]))
    expected = [[polygon.contains(Point(x + 0.5, y + 0.5)) for x in range(50)] for y in range(40)]
    np.testing.assert_array_equal(fill_rings(rings, 40, 50), expected)


def test_rings_beyond_the_picture_are_cut():
    ring = np.array([[-5.0, -5], [100, -5], [100, 100], [-5, 100], [-5, -5]])
    assert fill_rings([ring], 7, 9).all()


def test_no_rings_fill_nothing():
    assert not fill_rings([], 3, 4).any()
