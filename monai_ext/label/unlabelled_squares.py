"""Squares of tissue of a slide that nobody annotated, for semi-supervised training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.label.training_picture import write_picture

_LEAST_TISSUE = 0.5


def unlabelled_squares(
    slide: SlideToSegment, count: int, edge_px: int, folder: Path, *, seed: int
) -> list[dict[str, Any]]:
    """Draw squares of a grid that are at least half tissue.

    A picture that is smaller than a square is taken whole.

    Args:
        slide: the slide or image; ``settings.target_mpp`` is the network's.
        count: squares at most.
        edge_px: of a square, at the network's um a pixel.
        folder: of the pictures.
        seed: of the draw.

    Returns:
        Items of a datalist, none if there is no tissue.

    Raises:
        SlideError: if it cannot be read or has no mpp.
    """
    info, mpp = slide.reader.info, slide.settings.spec.mpps[0]
    scale = mpp / slide.mpp
    step = min(max(1, round(edge_px * scale)), max(info.width, info.height))
    rows, cols = (max(1, edge // step) for edge in (info.height, info.width))
    tissue = slide.tissue()
    share = np.ones((rows, cols)) if tissue is None else tissue.fraction(0, 0, step, rows, cols)
    places = np.argwhere(share >= _LEAST_TISSUE)
    drawn = np.random.default_rng(seed).permutation(places)[:count]
    items = []
    for row, col in sorted(drawn.tolist()):
        left, top = col * step, row * step
        box = Box(left, top, min(step, info.width - left), min(step, info.height - top))
        items.append(write_picture(folder, slide.slide, slide.reader, box, mpp, scale))
    return items
