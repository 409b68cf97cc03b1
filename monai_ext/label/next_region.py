"""The next region to annotate, of all images of a server or of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from monai_ext.engines.segment_region import Box
from monai_ext.label.free_squares import Square, find_squares
from monai_ext.label.next_square import next_square
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.served_slide import opened_slide
from monai_ext.label.slide_patches import mpp_of
from monai_ext.label.square_memory import SquareMemory
from monai_ext.label.square_scores import SquareScores, score_squares
from monai_ext.label.stored_image import StoredImage
from monai_ext.networks import TransUNi

_EMPTY = SquareScores(np.empty(0), np.empty((0, 0)))


def next_region(
    strategy: str,
    served: ServedSegmenter,
    images: Sequence[StoredImage],
    *,
    edge_px: int | None = None,
    limit: int = 100,
    seed: int = 0,
    memory: SquareMemory | None = None,
) -> dict[str, Any]:
    """Choose a square of tissue that nobody annotated.

    Args:
        strategy: a key of ``STRATEGIES``.
        served: the model that looks.
        images: of the server; those that cannot be read are passed over.
        edge_px: of a square, level-0 px; by default twice the network's window.
        limit: candidates that are looked at, and annotated squares, drawn of all.
        seed: of the draws.
        memory: of earlier questions about the same images to the same weights; ``None``: all is
            looked at anew.

    Returns:
        ``id`` of the image, ``bbox`` (x, y, w, h in level-0 px from the corner of its bounds),
        ``entropy`` of the square where it was looked at, and ``candidates``, how many were.

    Raises:
        SettingError: for another strategy, or if no tissue is left.
    """
    memory = SquareMemory() if memory is None else memory
    free, known = find_squares(served, images, edge_px, memory)
    free, known = _drawn(free, limit, seed), _drawn(known, limit, seed)
    if strategy == "random" and free:
        scores = SquareScores(np.full(len(free), np.nan), np.zeros((len(free), 1)))
    else:
        scores = _scored(served, free, memory)
    annotated = _scored(served, known, memory).vectors if strategy == "coverage" else _EMPTY.vectors
    chosen = next_square(strategy, scores, annotated, seed)
    box, entropy = free[chosen].box, float(scores.entropy[chosen])
    return {
        "id": free[chosen].image.name,
        "bbox": [box.left, box.top, box.width, box.height],
        "entropy": None if np.isnan(entropy) else entropy,
        "candidates": len(free),
    }


def _drawn(squares: list[Square], limit: int, seed: int) -> list[Square]:
    index = np.random.default_rng(seed).permutation(len(squares))[:limit]
    return [squares[k] for k in sorted(index.tolist())]


def _scored(
    served: ServedSegmenter, squares: Sequence[Square], memory: SquareMemory
) -> SquareScores:
    """In the order of the squares, which come image by image."""
    parts = []
    for image in dict.fromkeys(square.image for square in squares):
        boxes = [square.box for square in squares if square.image == image]
        look = partial(_looked_at, served, image)
        parts.append(memory.scored(image.name, boxes, look))
    if not parts:
        return _EMPTY
    return SquareScores(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _looked_at(served: ServedSegmenter, image: StoredImage, boxes: Sequence[Box]) -> SquareScores:
    mpp = mpp_of(image, served.mpp, served.settings.reader)
    with opened_slide(image.path, image.name, served.settings, mpp) as slide:
        return score_squares(slide, cast("TransUNi", served.network()), boxes)
