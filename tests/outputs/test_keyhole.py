"""One ring that covers what the polygon covers."""

import numpy as np
import pytest
from shapely import LineString, Polygon

from monai_ext.data.label_runs import label_pieces
from monai_ext.outputs.keyhole import keyhole
from monai_ext.outputs.label_polygons import ring_area, trace_pieces
from monai_ext.wsi.polygon_raster import fill_rings
from tests.outputs.annotation_parts import FRAME, square
from tests.outputs.label_parts import label_map

GRID = [square(x, y, 6)[::-1] for x in range(5, 90, 20) for y in (10, 40, 70)]
MANY = [square(0, 0, 100), *GRID]
STAGGERED = ((60, 50), (20, 52), (40, 48), (80, 51))
ROW = [square(0, 0, 100), *(square(x, y, 5)[::-1] for x, y in STAGGERED)]


def of_label_maps():
    for seed in range(8):
        picture = np.random.default_rng(seed).random((30, 40)) < 0.7
        found = label_map(picture.astype(np.uint8))
        pieces = label_pieces(found.runs)
        for owner, runs in pieces.chunks(np.arange(len(pieces)), 10**6):
            for polygon in trace_pieces(owner, runs):
                yield [polygon.outer.astype(float), *(hole.astype(float) for hole in polygon.holes)]


@pytest.mark.parametrize("rings", [FRAME.rings, MANY, ROW], ids=["one", "many", "in a row"])
def test_mended_it_is_the_polygon_with_its_holes(rings):
    whole, ring = Polygon(rings[0], rings[1:]), keyhole(rings)
    assert ring_area(ring) == pytest.approx(whole.area, rel=1e-12)
    assert Polygon(ring).buffer(0).symmetric_difference(whole).area < 1e-9
    assert whole.buffer(1e-9).covers(LineString([*ring, ring[0]]))  # slits go through no hole
    assert len(ring) == sum(map(len, rings)) + 3 * (len(rings) - 1)


def test_outlines_of_random_label_maps_keep_area_and_inside():
    holes = 0
    for rings in of_label_maps():
        ring, exact = keyhole(rings), sum(map(ring_area, rings))
        assert ring_area(ring) == pytest.approx(exact, rel=1e-12)
        holes += len(rings) - 1
        np.testing.assert_array_equal(fill_rings([ring], 30, 40), fill_rings(rings, 30, 40))
    assert holes > 50


def test_without_holes_nothing_changes():
    np.testing.assert_array_equal(keyhole([square(1, 2, 3)]), square(1, 2, 3))
