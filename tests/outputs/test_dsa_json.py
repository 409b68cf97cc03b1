"""Documents fit what large_image accepts.

The schema below is our own reading of ``AnnotationSchema`` in girder-large-image-annotation 1.35
(https://girder.github.io/large_image/annotations.html), which itself needs a database to import.
"""

import json

import jsonschema
import pytest

from monai_ext.outputs.dsa_json import write_dsa
from tests.outputs.annotation_parts import FRAME, annotation, square

_POINTS = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
    "minItems": 3,
}
_COLOUR = {"type": "string", "pattern": r"^rgba?\(\d+,\s*\d+,\s*\d+(,\s*(\d?\.|)\d+)?\)$"}
POLYLINE = {
    "type": "object",
    "properties": {
        "type": {"const": "polyline"},
        "group": {"type": "string"},
        "label": {
            "type": "object",
            "properties": {"value": {"type": "string"}},
            "required": ["value"],
            "additionalProperties": False,
        },
        "closed": {"type": "boolean"},
        "points": _POINTS,
        "holes": {"type": "array", "items": _POINTS},
        "lineColor": _COLOUR,
        "fillColor": _COLOUR,
        "lineWidth": {"type": "number", "minimum": 0},
        "user": {"type": "object"},
    },
    "required": ["type", "points"],
    "additionalProperties": False,
}
DOCUMENT = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "attributes": {"type": "object"},
        "elements": {"type": "array", "items": POLYLINE},
    },
    "required": ["name", "elements"],
    "additionalProperties": False,
}


def written(path, annotations, **about):
    count = write_dsa(path, annotations, **{"name": "glands", **about})
    document = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(document, DOCUMENT)
    assert len(document["elements"]) == count
    return document


def test_a_polygon_is_a_closed_line_with_holes(tmp_path):
    (element,) = written(tmp_path / "a.json", [FRAME])["elements"]
    assert element["closed"] is True
    assert element["points"] == [[10, 20, 0], [60, 20, 0], [60, 70, 0], [10, 70, 0]]
    assert element["holes"] == [[[30, 50, 0], [40, 50, 0], [40, 40, 0], [30, 40, 0]]]
    assert element["label"] == {"value": "gland"}
    assert element["group"] == "gland"
    assert element["lineColor"] == "rgb(213, 94, 0)"
    assert element["user"] == {"area": 2400.0}


def test_without_holes_there_is_no_such_member(tmp_path):
    document = written(tmp_path / "a.json", [annotation(square(0, 0, 5))] * 2, description='"x"')
    assert all("holes" not in element for element in document["elements"])
    assert document["description"] == '"x"'


def test_probabilities_are_attributes_of_the_image(tmp_path):
    document = written(tmp_path / "a.json", [], attributes={"tumour": 0.75})
    assert document["attributes"] == {"tumour": 0.75}
    assert document["elements"] == []


def test_the_schema_refuses_what_is_not_a_polyline(tmp_path):
    document = written(tmp_path / "a.json", [FRAME])
    document["elements"][0]["points"][0] = [1, 2]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, DOCUMENT)
