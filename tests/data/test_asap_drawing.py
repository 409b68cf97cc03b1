"""Files of ASAP, of QuPath's extension, of ourselves, and of people who mean no good."""

import numpy as np
import pytest

from monai_ext.data.drawing import read_drawing
from monai_ext.errors import AnnotationError
from monai_ext.outputs.asap_xml import write_asap
from monai_ext.wsi.polygon_raster import fill_rings
from tests.outputs.annotation_parts import FRAME, annotation, square

QUPATH = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<ASAP_Annotations>
<Annotations Description="" H="{h}" Name="" W="{w}" X="{x}" Y="{y}">
<Annotation Color="#d55e00" Name="gland" PartOfGroup="gland" Type="Polygon"><Coordinates>
<Coordinate Order="1" X="30" Y="10"/><Coordinate Order="0" X="10" Y="10"/>
<Coordinate Order="2" X="30" Y="25"/></Coordinates></Annotation>
<Annotation Name="gland" PartOfGroup="gland" Type="Points"><Coordinates>
<Coordinate Order="0" X="1" Y="1"/></Coordinates></Annotation>
<Annotation Name="Annotation 0" PartOfGroup="None" Type="Rectangle"><Coordinates>
<Coordinate Order="0" X="0" Y="0"/><Coordinate Order="1" X="5" Y="0"/>
<Coordinate Order="2" X="5" Y="5"/><Coordinate Order="3" X="0" Y="5"/></Coordinates></Annotation>
</Annotations>
<AnnotationGroups><Group Color="#d55e00" Name="gland" PartOfGroup="None"/></AnnotationGroups>
</ASAP_Annotations>"""
BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]>
<ASAP_Annotations><Annotations Name="&c;"/></ASAP_Annotations>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>
<ASAP_Annotations><Annotations Name="&b;"/></ASAP_Annotations>"""


def read(tmp_path, text):
    (tmp_path / "a.xml").write_text(text)
    return read_drawing(tmp_path / "a.xml")


def test_qupaths_extension_tells_region_classes_and_order(tmp_path):
    found = read(tmp_path, QUPATH.format(x=100, y=200, w=64, h=32))
    assert found.box == (100, 200, 64, 32)
    assert [one.name for one in found.polygons] == ["gland", "Annotation 0"]
    assert found.polygons[0].rings[0].tolist() == [[10, 10], [30, 10], [30, 25]]
    assert found.skipped == 1


def test_a_whole_slide_has_no_region(tmp_path):
    assert read(tmp_path, QUPATH.format(x=0, y=0, w=0, h=0)).box is None


def test_what_we_write_comes_back_with_its_holes(tmp_path):
    write_asap(tmp_path / "a.xml", [FRAME, annotation(square(0, 0, 5), name="ä & b")], {})
    frame, other = read_drawing(tmp_path / "a.xml").polygons
    (ring,) = frame.rings
    closed = [np.concatenate([ring, ring[:1]])]
    expected = np.zeros((80, 80), bool)
    expected[20:70, 10:60] = True
    expected[40:50, 30:40] = False
    np.testing.assert_array_equal(fill_rings(closed, 80, 80), expected)
    assert other.name == "ä & b"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "DTDForbidden"),
        (OUTSIDE, "DTDForbidden"),
        ("<ASAP_Annotations>", "ParseError"),
        ("", "ParseError"),
        ("<html/>", "its root is html"),
        (QUPATH.replace('X="30"', 'X="3O"'), "could not convert"),
        (QUPATH.replace('X="30"', 'X="inf"'), "no number"),
        (QUPATH.replace('X="30"', 'Z="30"'), "no number"),
        (QUPATH.replace("{w}", "1e999").replace("{h}", "5"), "infinity"),
    ],
)
def test_what_is_no_sound_file_is_refused(tmp_path, text, words):
    with pytest.raises(AnnotationError, match=words):
        read(
            tmp_path,
            text.replace("{x}", "0").replace("{y}", "0").replace("{w}", "0").replace("{h}", "0"),
        )


def test_another_encoding_is_read(tmp_path):
    text = (
        QUPATH.format(x=0, y=0, w=0, h=0).replace("UTF-8", "ISO-8859-1").replace("gland", "drüse")
    )
    (tmp_path / "a.xml").write_bytes(text.encode("latin-1"))
    assert read_drawing(tmp_path / "a.xml").polygons[0].name == "drüse"
