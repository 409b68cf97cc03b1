"""Outlines are exact, valid and turn the right way."""

import numpy as np
import pytest
from scipy import ndimage
from shapely import Polygon

from monai_ext.data.label_runs import label_pieces, label_runs
from monai_ext.outputs.label_polygons import ring_area, trace_pieces
from monai_ext.wsi.polygon_raster import fill_rings


def noise(height, width, share, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random((height, width)) < share).astype(np.uint8)


def traced(labels):
    pieces = label_pieces(label_runs(labels, np.ones(labels.shape)))
    every = np.arange(len(pieces))
    return [p for part in pieces.chunks(every, 40) for p in trace_pieces(*part)], pieces


def closed(ring):
    return np.concatenate([ring, ring[:1]]).astype(float)


SHARES = [0.3, 0.5, 0.65, 0.9]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("size", [(30, 41), (1, 9), (9, 1), (1, 1)], ids=str)
def test_polygons_filled_again_are_the_pieces(size, share):
    labels = noise(*size, share, seed=4)
    polygons, pieces = traced(labels)
    assert [p.piece for p in polygons] == list(range(len(pieces)))
    whole = np.zeros(size, int)
    for polygon in polygons:
        rings = [closed(ring) for ring in (polygon.outer, *polygon.holes)]
        filled = fill_rings(rings, *size)
        assert filled.sum() == pieces.pixels[polygon.piece]
        whole += filled
    np.testing.assert_array_equal(whole, labels)


@pytest.mark.parametrize("share", SHARES)
def test_polygons_are_valid_with_exact_area_and_the_holes_that_they_have(share):
    labels = noise(40, 40, share)
    polygons, pieces = traced(labels)
    numbers, _ = ndimage.label(labels)
    for polygon in polygons:
        made = Polygon(polygon.outer, polygon.holes)
        assert made.is_valid, made
        assert made.area == pieces.pixels[polygon.piece]
        assert ring_area(polygon.outer) > 0
        assert all(ring_area(hole) < 0 for hole in polygon.holes)
        own = np.pad(numbers == numbers[_first_pixel(pieces, polygon.piece)], 1)
        assert len(polygon.holes) == ndimage.label(~own)[1] - 1


def _first_pixel(pieces, number):
    k = pieces.first[number]
    return pieces.runs.row[k], pieces.runs.start[k]


def test_corners_only_where_an_outline_turns():
    labels = np.ones((5, 7), np.uint8)
    labels[2, 2:4] = 0
    (polygon,), _ = traced(labels)
    assert len(polygon.outer) == 4
    assert sorted(map(tuple, polygon.outer.tolist())) == [(0, 0), (0, 5), (7, 0), (7, 5)]
    (hole,) = polygon.holes
    assert sorted(map(tuple, hole.tolist())) == [(2, 2), (2, 3), (4, 2), (4, 3)]


def test_touching_classes_share_their_border():
    labels = np.repeat(np.array([[1, 2, 1]], np.uint8), 4, axis=0)
    polygons, _ = traced(labels)
    boxes = [(*p.outer.min(0), *p.outer.max(0)) for p in polygons]
    assert boxes == [(0, 0, 1, 4), (1, 0, 2, 4), (2, 0, 3, 4)]
