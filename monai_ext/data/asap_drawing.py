"""ASAP XML, as ASAP and MONAI Label's QuPath extension write it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.drawing import Drawing, drawn_polygon
from monai_ext.errors import AnnotationError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NO_AREA = ("dot", "pointset", "points", "point", "line", "polyline")
_RULE = (
    "ASAP XML: ASAP_Annotations with Annotation elements, whose Coordinate elements have X and Y"
)


def read_asap(path: Path | str) -> Drawing:
    """Read ASAP XML.

    The class is the group of an annotation, or its name where it is in none. The QuPath extension
    writes region and origin into ``Annotations`` (X, Y, W, H; all 0 for a whole slide), and
    coordinates from that origin. Dots and lines have no area and are skipped.

    Args:
        path: of the file.

    Raises:
        AnnotationError: if it is no such XML, or declares a document type, as bombs do.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, parse

    path = Path(path)
    try:
        root = parse(path, forbid_dtd=True).getroot()
    except (ParseError, DefusedXmlException, UnicodeDecodeError, ValueError) as error:
        raise _unsound(path, f"{type(error).__name__}: {error}") from error
    if root is None or root.tag != "ASAP_Annotations":
        raise _unsound(path, f"its root is {None if root is None else root.tag}")
    try:
        return _drawing(root)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unsound(path, str(error)) from error


def _drawing(root: Element) -> Drawing:
    polygons, skipped = [], 0
    for one in root.iter("Annotation"):
        name, rings = _class_of(one), [_ring(one)]
        has_area = one.get("Type", "").lower() not in _NO_AREA
        polygon = drawn_polygon(name, rings) if name and has_area else None
        if polygon is None:
            skipped += 1
        else:
            polygons.append(polygon)
    return Drawing(tuple(polygons), _box(root.find("Annotations")), skipped)


def _class_of(one: Element) -> str:
    group = one.get("PartOfGroup") or ""
    return one.get("Name") or "" if group in {"", "None"} else group


def _ring(one: Element) -> NDArray[np.float64]:
    places = [
        (float(c.get("Order") or k), float(c.get("X") or "nan"), float(c.get("Y") or "nan"))
        for k, c in enumerate(one.iter("Coordinate"))
    ]
    return np.array(sorted(places, key=lambda each: each[0])).reshape(-1, 3)[:, 1:]


def _box(annotations: Element | None) -> tuple[int, int, int, int] | None:
    if annotations is None:
        return None
    x, y, width, height = (round(float(annotations.get(key) or 0)) for key in "XYWH")
    return (x, y, width, height) if width > 0 and height > 0 else None


def _unsound(path: Path, found: str) -> AnnotationError:
    return AnnotationError(f"annotations {path.name} ({found})", _RULE, "export them again")
