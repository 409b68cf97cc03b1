"""What QuPath's MONAI Label extension would draw, read as it reads it."""

import numpy as np
import pytest
from defusedxml import ElementTree
from shapely import Polygon

from monai_ext.outputs.asap_xml import write_asap
from tests.outputs.annotation_parts import FRAME, annotation, square


def drawn(path):
    """Name and polygon of each Annotation, as the extension makes them."""
    found = []
    for item in ElementTree.parse(path).getroot().iter("Annotation"):
        places = [(float(c.get("X")), float(c.get("Y"))) for c in item.iter("Coordinate")]
        found.append((item.get("Name"), Polygon(places)))
    return found


def test_holes_stay_open(tmp_path):
    assert write_asap(tmp_path / "a.xml", [FRAME], {}) == 1
    ((name, polygon),) = drawn(tmp_path / "a.xml")
    assert name == "gland"
    assert polygon.area == pytest.approx(2400)
    assert not polygon.buffer(0).intersects(Polygon(square(32, 42, 2)))


def test_names_and_words_are_escaped(tmp_path):
    name = 'tumour "<&>" ä'
    write_asap(tmp_path / "a.xml", [annotation(square(0, 0, 5), name=name)], {"Name": name})
    root = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert root.find("Annotations").get("Name") == name
    assert [group.get("Name") for group in root.iter("Group")] == [name]
    assert root.find("Annotations/Annotation").attrib == {
        "Name": name,
        "Type": "Polygon",
        "PartOfGroup": name,
        "Color": "#d55e00",
    }


def test_places_far_from_the_corner_keep_their_decimals(tmp_path):
    ring = square(123456.25, 98765.5, 10)
    write_asap(tmp_path / "a.xml", [annotation(ring)], {})
    ((_, polygon),) = drawn(tmp_path / "a.xml")
    np.testing.assert_array_equal(np.asarray(polygon.exterior.coords)[:-1], ring)


def test_no_polygon_is_a_sound_file_too(tmp_path):
    assert write_asap(tmp_path / "a.xml", [], {}) == 0
    assert drawn(tmp_path / "a.xml") == []
