from itertools import pairwise

import numpy as np
import pytest
from shapely import Polygon

from monai_ext.label.attention_areas import attention_areas, attention_label
from tests.outputs.annotation_parts import square


def tile(left, top, rank, side=10):
    ring = square(left, top, side).tolist()
    return {
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": {"measurements": {"attention rank": rank}},
    }


def test_neighbours_of_high_attention_are_one_area():
    ranks = {(0, 0): 0.95, (10, 0): 0.91, (50, 50): 1.0, (20, 0): 0.89, (0, 10): 0.2}
    areas = attention_areas([tile(*place, rank) for place, rank in ranks.items()], "tumour")
    found = {area.measurements["tiles"]: area for area in areas}
    assert set(found) == {1.0, 2.0}
    assert found[2.0].measurements["mean attention rank"] == pytest.approx(0.93)
    assert Polygon(found[2.0].rings[0]).equals(Polygon([(0, 0), (20, 0), (20, 10), (0, 10)]))
    assert {area.name for area in areas} == {attention_label("tumour")}
    assert "tumour" in attention_label("tumour")


def test_a_ring_of_tiles_has_a_hole():
    places = [(x, y) for x in (0, 10, 20) for y in (0, 10, 20) if (x, y) != (10, 10)]
    (area,) = attention_areas([tile(*place, 0.99) for place in places], "a")
    assert len(area.rings) == 2
    assert Polygon(area.rings[0], area.rings[1:]).area == 800
    for ring in area.rings:
        assert not any(np.array_equal(one, other) for one, other in pairwise(ring))


def test_nothing_above_is_no_area():
    assert attention_areas([tile(0, 0, 0.5)], "a") == []
    assert attention_areas([], "a") == []
