import json

import numpy as np

from monai_ext.outputs.annotation import annotation_of
from monai_ext.outputs.label_geojson import OutlineRules, label_features
from tests.outputs.annotation_parts import FRAME
from tests.outputs.label_parts import blobs, label_map, pieces_of


def test_moving_moves_every_ring_and_nothing_else():
    moved = FRAME.moved(100, -5)
    assert moved.rings[0].tolist() == [[110, 15], [160, 15], [160, 65], [110, 65]]
    assert moved.rings[1].min(0).tolist() == [130, 35]
    assert (moved.name, moved.measurements) == (FRAME.name, FRAME.measurements)
    assert FRAME.rings[0].min(0).tolist() == [10, 20]


def test_feature_and_back():
    found = annotation_of(json.dumps(FRAME.feature()))
    for ring, other in zip(found.rings, FRAME.rings, strict=True):
        np.testing.assert_array_equal(ring, other)
    assert (found.name, found.colour) == ("gland", (213, 94, 0))
    assert found.measurements == {"area": 2400.0}
    ring = FRAME.feature()["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]


def test_features_of_a_label_map_come_back_as_they_are():
    found = label_map(blobs(60, 83), scale=2.0)
    rules = OutlineRules(tolerance_um=0.0)
    lines = label_features(found, pieces_of(found), ["ground", "gland", "stroma"], rules)
    for line in lines:
        assert annotation_of(line).feature() == json.loads(line)
