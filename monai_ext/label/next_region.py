"""The next region to annotate, of all images of a server or of one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from monai_ext.data.drawing import read_drawing
from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.errors import MonaiExtError, SettingError
from monai_ext.label.annotated_data import StoredImage
from monai_ext.label.labelled_regions import annotated_boxes
from monai_ext.label.next_square import next_square
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.served_slide import opened_slide
from monai_ext.label.square_scores import SquareScores, score_squares
from monai_ext.label.tissue_squares import tissue_squares
from monai_ext.networks import TransUNi

_logger = logging.getLogger(__name__)
_EMPTY = SquareScores(np.empty(0), np.empty((0, 0)))


@dataclass(frozen=True)
class _Square:
    image: StoredImage
    box: Box


def next_region(
    strategy: str,
    served: ServedSegmenter,
    images: Sequence[StoredImage],
    *,
    edge_px: int | None = None,
    limit: int = 100,
    seed: int = 0,
) -> dict[str, Any]:
    """Choose a square of tissue that nobody annotated.

    Args:
        strategy: a key of ``STRATEGIES``.
        served: the model that looks.
        images: of the server; those that cannot be read are passed over.
        edge_px: of a square, level-0 px; by default twice the network's window.
        limit: candidates that are looked at, and annotated squares, drawn of all.
        seed: of the draws.

    Returns:
        ``id`` of the image, ``bbox`` (x, y, w, h in level-0 px from the corner of its bounds),
        ``entropy`` of the square where it was looked at, and ``candidates``, how many were.

    Raises:
        SettingError: for another strategy, or if no tissue is left.
    """
    free, known = _squares(served, images, edge_px)
    free, known = _drawn(free, limit, seed), _drawn(known, limit, seed)
    if strategy == "random" and free:
        scores = SquareScores(np.full(len(free), np.nan), np.zeros((len(free), 1)))
    else:
        scores = _scored(served, free)
    annotated = _scored(served, known).vectors if strategy == "coverage" else _EMPTY.vectors
    chosen = next_square(strategy, scores, annotated, seed)
    box, entropy = free[chosen].box, float(scores.entropy[chosen])
    return {
        "id": free[chosen].image.name,
        "bbox": [box.left, box.top, box.width, box.height],
        "entropy": None if np.isnan(entropy) else entropy,
        "candidates": len(free),
    }


def _squares(
    served: ServedSegmenter, images: Sequence[StoredImage], edge_px: int | None
) -> tuple[list[_Square], list[_Square]]:
    """Squares that nobody annotated, and those that touch what was."""
    free, known = [], []
    for image in images:
        try:
            with _opened(served, image) as slide:
                boxes = [] if image.label is None else _annotated(slide, image)
                scale = served.settings.spec.mpps[0] / slide.mpp
                edge = _edge(served.settings.roi_px, edge_px, scale)
                for box in tissue_squares(slide, edge):
                    is_known = any(box.meets(other) for other in boxes)
                    (known if is_known else free).append(_Square(image, box))
        except SettingError:
            raise
        except (MonaiExtError, OSError) as error:
            _logger.warning("%s is passed over: %s", image.name, error)
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


def _opened(served: ServedSegmenter, image: StoredImage) -> AbstractContextManager[SlideToSegment]:
    return opened_slide(image.path, image.name, served.settings, served.mpp)


def _drawn(squares: list[_Square], limit: int, seed: int) -> list[_Square]:
    index = np.random.default_rng(seed).permutation(len(squares))[:limit]
    return [squares[k] for k in sorted(index.tolist())]


def _scored(served: ServedSegmenter, squares: Sequence[_Square]) -> SquareScores:
    """In the order of the squares, which come image by image."""
    parts = []
    network = cast("TransUNi", served.network())
    for image in dict.fromkeys(square.image for square in squares):
        boxes = [square.box for square in squares if square.image == image]
        with _opened(served, image) as slide:
            parts.append(score_squares(slide, network, boxes))
    if not parts:
        return _EMPTY
    return SquareScores(*(np.concatenate(each) for each in zip(*parts, strict=True)))
