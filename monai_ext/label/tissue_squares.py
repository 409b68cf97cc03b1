"""Squares of a slide's grid that hold tissue."""

from __future__ import annotations

import numpy as np

from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment

_LEAST_TISSUE = 0.5


def tissue_squares(slide: SlideToSegment, edge_px: float) -> list[Box]:
    """Squares that are at least half tissue, row by row.

    A picture that is smaller than a square is one, whole.

    Args:
        slide: the slide or image; ``settings.target_mpp`` is the network's.
        edge_px: of a square, at the network's um a pixel.

    Returns:
        Level-0 px from the corner of the slide's bounds.

    Raises:
        SlideError: if it cannot be read or has no mpp.
    """
    info = slide.reader.info
    scale = slide.settings.spec.mpps[0] / slide.mpp
    step = min(max(1, round(edge_px * scale)), max(info.width, info.height))
    rows, cols = (max(1, edge // step) for edge in (info.height, info.width))
    tissue = slide.tissue()
    share = np.ones((rows, cols)) if tissue is None else tissue.fraction(0, 0, step, rows, cols)
    places = np.argwhere(share >= _LEAST_TISSUE) * step
    return [
        Box(left, top, min(step, info.width - left), min(step, info.height - top))
        for top, left in places.tolist()
    ]
