"""What a person annotated on a slide, as pictures with masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.data.drawing import Drawing
from monai_ext.data.drawn_mask import REGION, drawn_mask
from monai_ext.engines.segment_image import PlainImage
from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.errors import AnnotationError
from monai_ext.label.training_picture import picture_size, write_picture

_ROUNDING_PX = 2


def labelled_regions(
    slide: SlideToSegment, drawing: Drawing, class_names: Sequence[str], folder: Path
) -> list[dict[str, Any]]:
    """Cut out what was annotated, at the network's um a pixel.

    Annotated is: what lies in polygons of class ``Region*``; without any, the region that the file
    tells; without that, the whole of a plain image. Of a whole slide without either nobody knows
    what was looked at.

    Args:
        slide: the slide or image; ``settings.target_mpp`` is the network's.
        drawing: over it; coordinates count from what the viewer shows, or from the file's region.
        class_names: by class number.
        folder: of pictures and masks.

    Returns:
        Items of a datalist.

    Raises:
        AnnotationError: for an unknown class, a slide without a region, or one that is too large.
        SlideError: if it cannot be read.
    """
    placed, boxes = annotated_boxes(slide, drawing)
    if not boxes:
        raise AnnotationError(
            f"slide {slide.slide} has annotations and no Region*",
            "what is not annotated inside a region is background, and outside it does not count",
            "draw rectangles of class Region* around what you have annotated completely",
        )
    mpp = slide.settings.spec.mpps[0]
    scale = mpp / slide.mpp
    items = []
    for box in boxes:
        width, height = picture_size(box, scale)
        stretch = (box.width / width, box.height / height)
        corner = (box.left, box.top)
        mask = drawn_mask(placed, class_names, (height, width), corner=corner, scale=stretch)
        items.append(write_picture(folder, slide.slide, slide.reader, box, mpp, scale, mask))
    return items


def annotated_boxes(slide: SlideToSegment, drawing: Drawing) -> tuple[Drawing, list[Box]]:
    """The drawing in px of the slide, and the boxes around what was annotated.

    Args:
        slide: the slide or image.
        drawing: over it.

    Returns:
        No boxes if nobody knows what was looked at.

    Raises:
        SlideError: if it cannot be read.
    """
    whole = Box(0, 0, slide.reader.info.width, slide.reader.info.height)
    placed, region = _placed(drawing, whole)
    boxes = _regions(placed, whole) or ([region] if region else [])
    if not boxes and isinstance(slide.reader, PlainImage):
        boxes = [whole]
    return placed, boxes


def _placed(drawing: Drawing, whole: Box) -> tuple[Drawing, Box | None]:
    """The drawing in px of the slide, and the region that its file tells.

    A region as large as the image is the image itself: QuPath uploaded it as a patch, whose edges
    it may round otherwise.
    """
    if drawing.box is None:
        return drawing, None
    _, _, width, height = drawing.box
    if max(abs(width - whole.width), abs(height - whole.height)) <= _ROUNDING_PX:
        return drawing, None
    region = _clipped(Box(*drawing.box), whole)
    if region is None:
        raise AnnotationError(
            f"annotations of a region of {width} x {height} px at {drawing.box[:2]}",
            f"their image has {whole.width} x {whole.height} px",
            "submit region and annotations together",
        )
    return drawing.placed(), region


def _regions(drawing: Drawing, whole: Box) -> list[Box]:
    boxes = []
    for polygon in drawing.polygons:
        if polygon.name.lower().rstrip("*") == REGION:
            points = np.concatenate(polygon.rings)
            (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
            left, top = math.floor(left), math.floor(top)
            boxes.append(Box(left, top, math.ceil(right) - left, math.ceil(bottom) - top))
    return [box for each in boxes if (box := _clipped(each, whole)) is not None]


def _clipped(box: Box, whole: Box) -> Box | None:
    left, top = max(0, box.left), max(0, box.top)
    width = min(box.left + box.width, whole.width) - left
    height = min(box.top + box.height, whole.height) - top
    return Box(left, top, width, height) if width > 0 and height > 0 else None
