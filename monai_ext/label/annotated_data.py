"""What lies on a server, as a datalist: annotated regions, and squares that nobody annotated."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_ext.data.drawing import read_drawing
from monai_ext.data.failures import FAILED_FILE, write_failures
from monai_ext.data.segmentation_datalist import write_segmentation_datalist
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.errors import AnnotationError, MonaiExtError
from monai_ext.label.labelled_regions import labelled_regions
from monai_ext.label.served_slide import opened_slide
from monai_ext.label.slide_patches import mpp_of
from monai_ext.label.stored_image import StoredImage
from monai_ext.label.unlabelled_squares import unlabelled_squares

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class UnlabelledRules:
    """How much is taken of images without annotations.

    Attributes:
        squares: of each, at most.
        edge_px: of a square, at the network's um a pixel.
        seed: of the draw.
    """

    squares: int
    edge_px: int
    seed: int


def write_annotated_data(
    images: Iterable[StoredImage],
    class_names: Sequence[str],
    settings: SegmentationSettings,
    folder: Path,
    rules: UnlabelledRules,
    mpp: float | None = None,
) -> tuple[Path, dict[str, int]]:
    """Write pictures, masks and ``datalist.json``; what cannot be used goes to ``failed.csv``.

    Args:
        images: of the server.
        class_names: by class number.
        settings: how the network sees slides.
        folder: new.
        rules: for what nobody annotated.
        mpp: the operator's default.

    Returns:
        The datalist, and how many items each of its parts has.

    Raises:
        AnnotationError: if nothing annotated can be used; names what is wrong with each.
    """
    parts: dict[str, list[Mapping[str, Any]]] = {"training": [], "unlabelled": []}
    failed: dict[str, str] = {}
    for image in images:
        part = "unlabelled" if image.label is None else "training"
        try:
            own = mpp_of(image, mpp, settings.reader)
            with opened_slide(image.path, image.name, settings, own) as slide:
                parts[part] += _items(image, slide, class_names, folder, rules)
        except (MonaiExtError, OSError) as error:
            failed[image.name] = str(error)
            _logger.warning("%s is left out: %s", image.name, error)
    write_failures(folder / FAILED_FILE, failed)
    if not parts["training"]:
        reasons = "; ".join(failed.values())[:2000]
        raise AnnotationError(
            f"no annotated image can be learnt from{f' ({reasons})' if reasons else ''}",
            "training needs one at least",
            "annotate a region completely and submit it",
        )
    path = write_segmentation_datalist(folder / "datalist.json", parts, class_names)
    return path, {name: len(items) for name, items in parts.items()}


def _items(
    image: StoredImage,
    slide: SlideToSegment,
    class_names: Sequence[str],
    folder: Path,
    rules: UnlabelledRules,
) -> list[dict[str, Any]]:
    if image.label is None:
        return unlabelled_squares(
            slide, rules.squares, rules.edge_px, folder, seed=rules.seed, without=image.known
        )
    return labelled_regions(slide, read_drawing(image.label), class_names, folder)
