import json

import numpy as np
import pytest

from monai_ext.data.drawing import read_drawing
from monai_ext.errors import AnnotationError
from tests.outputs.annotation_parts import FRAME, annotation, square


def read(tmp_path, document, name="a.geojson"):
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / name).write_text(text)
    return read_drawing(tmp_path / name)


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.mark.parametrize(
    "document", [collection(FRAME.feature()), [FRAME.feature()], FRAME.feature()]
)
def test_collections_lists_and_features_are_read_with_holes(tmp_path, document):
    (found,) = read(tmp_path, document).polygons
    assert found.name == "gland"
    for ring, other in zip(found.rings, FRAME.rings, strict=True):
        np.testing.assert_array_equal(ring, other)


def test_a_multipolygon_is_several(tmp_path):
    feature = FRAME.feature()
    parts = [feature["geometry"]["coordinates"], [[[0, 0], [5, 0], [5, 5], [0, 0]]]]
    feature["geometry"] = {"type": "MultiPolygon", "coordinates": parts}
    found = read(tmp_path, feature, "a.json")
    assert [len(one.rings) for one in found.polygons] == [2, 1]


def test_what_is_no_annotation_is_counted(tmp_path):
    bare, tile, point, flat = (annotation(square(0, 0, 5)).feature() for _ in range(4))
    del bare["properties"]["classification"]
    tile["properties"]["objectType"] = "detection"
    point["geometry"] = {"type": "Point", "coordinates": [1, 2]}
    flat["geometry"]["coordinates"] = [[[0, 0], [5, 5], [0, 0]]]
    found = read(tmp_path, collection(bare, tile, point, flat, FRAME.feature()))
    assert (len(found.polygons), found.skipped) == (1, 4)


def test_a_third_coordinate_is_dropped(tmp_path):
    feature = annotation(square(0, 0, 5)).feature()
    feature["geometry"]["coordinates"] = [
        [[x, y, 0] for x, y in ring] for ring in feature["geometry"]["coordinates"]
    ]
    assert read(tmp_path, feature).polygons[0].rings[0].shape == (4, 2)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "3",
        '{"type": "Topology"}',
        '{"type": "FeatureCollection"}',
        "[" * 100_000,
        json.dumps(FRAME.feature()).replace("10", '"x"', 1),
        json.dumps(FRAME.feature()).replace("10.0", "NaN", 1),
        json.dumps(FRAME.feature()).replace("10.0", "1e999", 1),
        json.dumps(FRAME.feature()).replace("10.0", "9" * 400, 1),
    ],
)
def test_what_is_no_sound_file_is_refused(tmp_path, document):
    with pytest.raises(AnnotationError, match=r"export (them|the annotations) again"):
        read(tmp_path, document)
