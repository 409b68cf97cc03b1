"""Squares of tissue of many images: those that nobody annotated, and the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from monai_ext.data.drawing import read_drawing
from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.errors import MonaiExtError, SettingError
from monai_ext.label.labelled_regions import annotated_boxes
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.served_slide import opened_slide
from monai_ext.label.slide_patches import mpp_of
from monai_ext.label.square_memory import Places, SquareMemory
from monai_ext.label.stored_image import StoredImage
from monai_ext.label.tissue_squares import tissue_squares

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Square:
    """A square of an image, level-0 px from the corner of its bounds."""

    image: StoredImage
    box: Box


def find_squares(
    served: ServedSegmenter,
    images: Sequence[StoredImage],
    edge_px: int | None,
    memory: SquareMemory,
) -> tuple[list[Square], list[Square]]:
    """Look through the images; one that cannot be read is passed over.

    Args:
        served: the model, which tells how images are seen.
        images: of the server.
        edge_px: of a square, level-0 px; ``None``: twice the network's window.
        memory: of earlier questions.

    Returns:
        Squares that nobody annotated, and those that touch what was, image by image.

    Raises:
        SettingError: if the size is far from what the network sees at a time.
    """
    free, known = [], []
    for image in images:
        try:
            found = memory.placed(image, edge_px, partial(_placed, served, image, edge_px))
        except SettingError:
            raise
        except (MonaiExtError, OSError) as error:
            _logger.warning("%s is passed over: %s", image.name, error)
            continue
        free += [Square(image, box) for box in found[0]]
        known += [Square(image, box) for box in found[1]]
    return free, known


def _placed(served: ServedSegmenter, image: StoredImage, edge_px: int | None) -> Places:
    mpp = mpp_of(image, served.mpp, served.settings.reader)
    with opened_slide(image.path, image.name, served.settings, mpp) as slide:
        boxes = [*image.known, *_annotated(slide, image)]
        scale = served.settings.spec.mpps[0] / slide.mpp
        edge = _edge(served.settings.roi_px, edge_px, scale)
        free, known = [], []
        for box in tissue_squares(slide, edge):
            (known if any(box.meets(other) for other in boxes) else free).append(box)
    return free, known


def _edge(roi_px: int, edge_px: int | None, scale: float) -> float:
    """Of a square, in the network's pixels.

    Raises:
        SettingError: if it is far from what the network sees at a time.
    """
    if edge_px is None:
        return 2 * roi_px
    edge = edge_px / scale
    if not roi_px / 4 <= edge <= 8 * roi_px:
        raise SettingError(
            f"patch_size={edge_px}, {edge:.0f} px of the network",
            f"{roi_px // 4} to {8 * roi_px} px of the network, {scale:g} level-0 px each",
            "ask for another size",
        )
    return edge


def _annotated(slide: SlideToSegment, image: StoredImage) -> list[Box]:
    return [] if image.label is None else annotated_boxes(slide, read_drawing(image.label))[1]
