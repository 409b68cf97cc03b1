"""GeoJSON, as QuPath exports annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.drawing import Drawing, drawn_polygon
from monai_ext.errors import AnnotationError

_FAULTS = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
_RULE = "a FeatureCollection, a list of Features or a Feature, with polygons"


def read_geojson(path: Path | str) -> Drawing:
    """Read GeoJSON.

    The class is ``properties.classification.name``. Polygons and multipolygons count, with their
    holes; points and lines, detections, and what has no class is skipped.

    Args:
        path: of the file.

    Raises:
        AnnotationError: if it is no such GeoJSON.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        return _drawing(_features(found))
    except _FAULTS as error:
        raise AnnotationError(
            f"annotations {path.name} ({type(error).__name__}: {error})", _RULE, "export them again"
        ) from error


def _features(found: Any) -> list[Any]:
    if isinstance(found, list):
        return found
    if found.get("type") == "FeatureCollection":
        return list(found["features"])
    if found.get("type") == "Feature":
        return [found]
    raise ValueError(f"type {found.get('type')!r}")


def _drawing(features: list[Any]) -> Drawing:
    polygons, skipped = [], 0
    for feature in features:
        properties = feature.get("properties") or {}
        name = str((properties.get("classification") or {}).get("name") or "")
        is_drawn = name and properties.get("objectType", "annotation") == "annotation"
        parts = list(_polygons(feature["geometry"])) if is_drawn else []
        found = [part for rings in parts if (part := drawn_polygon(name, rings)) is not None]
        polygons += found
        skipped += not found
    return Drawing(tuple(polygons), None, skipped)


def _polygons(geometry: Any) -> Iterator[list[NDArray[np.float64]]]:
    kind = geometry["type"]
    if kind not in {"Polygon", "MultiPolygon"}:
        return
    parts = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    for rings in parts:
        yield [np.asarray(ring, np.float64).reshape(len(ring), -1)[:, :2] for ring in rings]
