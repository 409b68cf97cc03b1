import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from monai_ext.wsi.tissue_polygons import mask_polygons


def test_rectangle_with_a_hole():
    mask = np.zeros((20, 30), bool)
    mask[2:18, 5:25] = True
    mask[8:12, 10:20] = False
    (polygon,) = mask_polygons(mask)
    assert polygon.bounds == (5, 2, 25, 18)
    assert len(polygon.interiors) == 1
    assert polygon.area == pytest.approx(16 * 20 - 4 * 10, abs=1.5)


def test_random_blobs_give_valid_polygons_of_the_same_area(np_rng):
    mask = gaussian_filter(np_rng.normal(size=(200, 300)), 3) > 0.02
    polygons = mask_polygons(mask)
    assert len(polygons) > 20
    assert all(polygon.is_valid for polygon in polygons)
    assert sum(polygon.area for polygon in polygons) == pytest.approx(mask.sum(), rel=0.005)


def test_pixels_that_touch_at_a_corner_are_two_pieces():
    assert len(mask_polygons(np.eye(2, dtype=bool))) == 2


def test_island_in_a_hole_is_a_piece_of_its_own():
    mask = np.ones((30, 30), bool)
    mask[5:25, 5:25] = False
    mask[12:18, 12:18] = True
    assert sorted(len(polygon.interiors) for polygon in mask_polygons(mask)) == [0, 1]


def test_no_tissue_gives_no_polygon():
    assert mask_polygons(np.zeros((4, 5), bool)) == []
