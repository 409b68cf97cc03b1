"""Tissue as GeoJSON that QuPath opens, edits and writes back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.errors import SlideError
from monai_ext.hashing import file_hash
from monai_ext.wsi.info import SlideInfo
from monai_ext.wsi.polygon_raster import fill_rings
from monai_ext.wsi.tissue_mask import TissueMask
from monai_ext.wsi.tissue_polygons import mask_polygons

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_NAME = "Tissue"
_COLOUR = [0, 160, 0]


def tissue_to_geojson(mask: TissueMask, path: Path | str) -> None:
    """Write the tissue's outlines as QuPath annotations of class "Tissue".

    Coordinates are level-0 px counted from ``mask.origin``, for QuPath crops a slide to the
    bounds that OpenSlide reports.

    Args:
        mask: the tissue.
        path: of the file.
    """
    from shapely import affinity
    from shapely.geometry import mapping

    scale_x, scale_y = mask.downsample
    features = []
    for polygon in mask_polygons(mask.mask):
        move = (scale_x, 0, 0, scale_y, -mask.origin[0], -mask.origin[1])
        features.append(_feature(mapping(affinity.affine_transform(polygon, move))))
    with write_atomically(path) as partial:
        partial.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def _feature(geometry: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "objectType": "annotation",
        "name": _NAME,
        "classification": {"name": _NAME, "color": _COLOUR},
    }
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def tissue_from_geojson(
    path: Path | str, slide_info: SlideInfo, *, max_edge_px: int = 4096
) -> TissueMask:
    """Read tissue outlines that we or a person in QuPath drew.

    Counts are polygons of class "Tissue" and such without a class; they may overlap and touch.

    Args:
        path: a FeatureCollection, a Feature or a list of Features, in QuPath's coordinates.
        slide_info: the slide; its bounds are where QuPath's (0, 0) lies.
        max_edge_px: longest edge of the mask that is made.

    Raises:
        SlideError: if the file holds no sound GeoJSON, or features but none that is tissue.
    """
    path = Path(path)
    area = _tissue_area(path, _features(path))
    size = slide_info.width, slide_info.height
    downsample = max(1, math.ceil(max(size) / max_edge_px))
    width, height = (math.ceil(edge / downsample) for edge in size)
    rings = [(ring + slide_info.origin) / downsample for ring in _rings(area)]
    return TissueMask(
        mask=fill_rings(rings, height, width),
        downsample=(float(downsample), float(downsample)),
        slide_size=size,
        origin=slide_info.origin,
        method=f"geojson {file_hash(path)[:16]}",
    )


def _features(path: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
        if isinstance(data, dict):
            data = data["features"] if data["type"] == "FeatureCollection" else [data]
        if not all(feature["type"] == "Feature" for feature in data):
            raise ValueError("an entry is no Feature")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unsound(path, error) from error
    return data


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no coordinate")


def _tissue_area(path: Path, features: list[dict[str, Any]]) -> BaseGeometry:
    from shapely import make_valid, union_all
    from shapely.errors import ShapelyError

    try:
        wanted = [feature for feature in features if _is_tissue(feature)]
        shapes = [make_valid(_shape(feature["geometry"])) for feature in wanted]
        area = union_all(shapes)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ShapelyError) as error:
        raise _unsound(path, error) from error
    if features and not shapes:
        raise SlideError(
            f"tissue file {path} has {len(features)} features, none of them tissue",
            f'tissue is a polygon of class "{_NAME}", or without a class',
            "give the annotations that class in QuPath and export them again",
        )
    return area


def _is_tissue(feature: dict[str, Any]) -> bool:
    """Whether the feature is a polygon of our class or of none."""
    if feature["geometry"]["type"] not in ("Polygon", "MultiPolygon"):
        return False
    given = (feature.get("properties") or {}).get("classification")
    return (given.get("name") if isinstance(given, dict) else given) in (None, _NAME)


def _shape(geometry: dict[str, Any]) -> BaseGeometry:
    from shapely import get_coordinates
    from shapely.geometry import shape

    made = shape(geometry)
    if made.is_empty:
        raise ValueError("a polygon has no coordinates")
    if not np.isfinite(get_coordinates(made)).all():
        raise ValueError("a coordinate is no finite number")
    return made


def _rings(area: BaseGeometry) -> list[np.ndarray]:
    from shapely import get_coordinates, get_parts, get_rings

    parts = [part for part in get_parts(area) if part.geom_type == "Polygon"]
    return [get_coordinates(ring) for part in parts for ring in get_rings(part)]


def _unsound(path: Path, error: Exception) -> SlideError:
    return SlideError(
        f"tissue file {path} is no sound GeoJSON ({error})",
        "it is a FeatureCollection of polygons in level-0 px",
        "export the annotations from QuPath as GeoJSON again",
    )
