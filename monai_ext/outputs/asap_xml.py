"""Polygons as ASAP XML, which MONAI Label's QuPath extension asks for.

That extension makes one filled polygon of each ``Annotation``, whose ``Name`` becomes its class; it
reads nothing else, so holes are joined to the outline and measurements are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.outputs.annotation import Annotation
from monai_ext.outputs.keyhole import keyhole

_DECIMALS = 2  # of a level-0 px


def write_asap(
    path: Path | str, annotations: Iterable[Annotation], about: Mapping[str, str]
) -> int:
    """Write ASAP XML, polygon by polygon.

    Args:
        path: ``*.xml``.
        annotations: in level-0 px as the viewer counts them.
        about: attributes of ``Annotations``, e.g. ``Name`` and ``Description``.

    Returns:
        Number of polygons.
    """
    groups: dict[str, str] = {}
    count = 0
    with write_atomically(path) as partial, partial.open("w", encoding="utf-8") as stream:
        xml = XMLGenerator(stream, "utf-8", short_empty_elements=True)
        xml.startDocument()
        _open(xml, "ASAP_Annotations", {})
        _open(xml, "Annotations", about)
        for one in annotations:
            groups[one.name] = "#{:02x}{:02x}{:02x}".format(*one.colour)
            _write_polygon(xml, one.name, groups[one.name], keyhole(one.rings))
            count += 1
        xml.endElement("Annotations")
        _write_groups(xml, groups)
        xml.endElement("ASAP_Annotations")
        xml.endDocument()
    return count


def _open(xml: XMLGenerator, name: str, attributes: Mapping[str, str]) -> None:
    xml.startElement(name, AttributesImpl(dict(attributes)))


def _write_polygon(xml: XMLGenerator, name: str, colour: str, ring: np.ndarray) -> None:
    head = {"Name": name, "Type": "Polygon", "PartOfGroup": name, "Color": colour}
    _open(xml, "Annotation", head)
    _open(xml, "Coordinates", {})
    for order, (x, y) in enumerate(ring.round(_DECIMALS).tolist()):
        _open(xml, "Coordinate", {"Order": str(order), "X": f"{x:.10g}", "Y": f"{y:.10g}"})
        xml.endElement("Coordinate")
    xml.endElement("Coordinates")
    xml.endElement("Annotation")
    xml.characters("\n")


def _write_groups(xml: XMLGenerator, groups: Mapping[str, str]) -> None:
    _open(xml, "AnnotationGroups", {})
    for name, colour in groups.items():
        _open(xml, "Group", {"Name": name, "PartOfGroup": "None", "Color": colour})
        _open(xml, "Attributes", {})
        xml.endElement("Attributes")
        xml.endElement("Group")
    xml.endElement("AnnotationGroups")
