"""One answer in three forms."""

import json

from defusedxml import ElementTree

from monai_ext.label.answer import Answer, write_answer
from monai_ext.label.slide_request import SlideRequest
from tests.outputs.annotation_parts import FRAME, square

TILE = {
    "type": "Feature",
    "geometry": {"type": "Polygon", "coordinates": [square(0, 0, 5).tolist()]},
    "properties": {"objectType": "detection"},
}
ANSWER = Answer(
    annotations=[FRAME],
    origin=(1000, 500),
    detections=[TILE],
    probabilities={"benign": 0.25, "malignant": 0.75},
    facts={"provenance": "abc", "mpp": 0.5},
)


def written(output, frame, folder, answer=ANSWER):
    return write_answer(answer, SlideRequest(output=output, frame=frame), "abmil", folder)


def test_json_holds_polygons_tiles_and_probabilities(tmp_path):
    path, record = written("json", "bounds", tmp_path)
    assert path is None
    assert not list(tmp_path.iterdir())
    assert record["prediction"] == [
        {"idx": 0, "label": "benign", "score": 0.25},
        {"idx": 1, "label": "malignant", "score": 0.75},
    ]
    assert record["facts"] == {"provenance": "abc", "mpp": 0.5}
    polygon, tile = record["geojson"]["features"]
    assert polygon == FRAME.feature()
    assert tile == TILE
    json.dumps(record)


def test_the_canvas_begins_left_of_the_bounds(tmp_path):
    _, record = written("json", "canvas", tmp_path)
    polygon, tile = (one["geometry"]["coordinates"][0] for one in record["geojson"]["features"])
    assert polygon[0] == [1010, 520]
    assert tile[0] == [1000, 500]


def test_asap_is_in_the_frame_that_was_asked_for(tmp_path):
    path, record = written("asap", "bounds", tmp_path)
    root = ElementTree.parse(path).getroot()
    first = next(root.iter("Coordinate"))
    assert (first.get("X"), first.get("Y")) == ("10", "20")
    assert root.find("Annotations").get("Name") == "abmil: benign 0.250, malignant 0.750"
    assert root.find("Annotations").get("Description") == "abc"
    assert record["count"] == 1


def test_dsa_has_the_record_as_attributes(tmp_path):
    path, _ = written("dsa", "canvas", tmp_path)
    document = json.loads(path.read_text())
    assert document["elements"][0]["points"][0] == [1010, 520, 0]
    assert document["attributes"]["prediction"][1]["score"] == 0.75
    assert document["attributes"]["facts"]["provenance"] == "abc"
    assert document["name"].startswith("abmil")


def test_a_segmenter_has_no_prediction(tmp_path):
    path, record = written("asap", "bounds", tmp_path, Answer(annotations=[]))
    assert "prediction" not in record
    assert ElementTree.parse(path).getroot().find("Annotations").get("Name") == "abmil"


def test_two_answers_are_two_files(tmp_path):
    one, other = (written("asap", "bounds", tmp_path)[0] for _ in range(2))
    assert one != other
