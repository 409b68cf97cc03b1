"""A drawing as a mask of class numbers, for training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.drawing import Drawing, DrawnPolygon
from monai_ext.errors import AnnotationError
from monai_ext.ops.balanced_pixels import IGNORED
from monai_ext.wsi.polygon_raster import fill_rings

REGION, IGNORE = "region", "ignore"


def drawn_mask(
    drawing: Drawing,
    class_names: Sequence[str],
    size: tuple[int, int],
    *,
    corner: tuple[float, float] = (0.0, 0.0),
    scale: tuple[float, float] = (1.0, 1.0),
) -> NDArray[np.uint8]:
    """Paint a drawing.

    Large polygons are painted before small ones, so that what lies on another is seen. Classes are
    told by name, in small or capital letters. As in QuPath, polygons of class ``Region*`` tell what
    was looked at: where there are any, pixels outside are not counted; ``Ignore*`` are not counted.
    The rest is class 0.

    Args:
        drawing: polygons.
        class_names: by class number; the first is background.
        size: H and W of the mask.
        corner: of the mask, in the drawing's px.
        scale: the drawing's px a px of the mask, across and down.

    Returns:
        uint8 ``[H, W]``; 255 is not counted.

    Raises:
        AnnotationError: for a class that the names do not have.
    """
    numbers = {name.lower(): k for k, name in enumerate(class_names)}
    kinds = {polygon.name.lower().rstrip("*") for polygon in drawing.polygons}
    if unknown := sorted(kinds - set(numbers) - {REGION, IGNORE}):
        raise AnnotationError(
            f"polygons of class {', '.join(unknown)}",
            f"the classes are {', '.join(class_names)}, Region* and Ignore*",
            "draw in these classes, or train a model of yours",
        )
    mask = np.zeros(size, np.uint8)
    seen, ignored = np.zeros(size, bool), np.zeros(size, bool)
    for polygon in sorted(drawing.polygons, key=lambda each: -each.area):
        inside = _inside(polygon, size, corner, scale)
        kind = polygon.name.lower().rstrip("*")
        if kind == REGION:
            seen |= inside
        elif kind == IGNORE:
            ignored |= inside
        else:
            mask[inside] = numbers[kind]
    if REGION in kinds:
        ignored |= ~seen
    mask[ignored] = IGNORED
    return mask


def _inside(
    polygon: DrawnPolygon,
    size: tuple[int, int],
    corner: tuple[float, float],
    scale: tuple[float, float],
) -> NDArray[np.bool_]:
    closed = [np.concatenate([ring, ring[:1]]) for ring in polygon.rings]
    return fill_rings([(ring - np.asarray(corner)) / np.asarray(scale) for ring in closed], *size)
