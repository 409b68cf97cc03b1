"""Squares of tissue of a slide that nobody annotated, for semi-supervised training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.label.tissue_squares import tissue_squares
from monai_ext.label.training_picture import write_picture


def unlabelled_squares(
    slide: SlideToSegment,
    count: int,
    edge_px: int,
    folder: Path,
    *,
    seed: int,
    without: Sequence[Box] = (),
) -> list[dict[str, Any]]:
    """Draw from :func:`tissue_squares`.

    Args:
        slide: the slide or image; ``settings.target_mpp`` is the network's.
        count: squares at most.
        edge_px: of a square, at the network's um a pixel.
        folder: of the pictures.
        seed: of the draw.
        without: regions that are annotated, level-0 px; squares that touch them are left out.

    Returns:
        Items of a datalist, none if there is no tissue.

    Raises:
        SlideError: if it cannot be read or has no mpp.
    """
    mpp = slide.settings.spec.mpps[0]
    found = tissue_squares(slide, edge_px)
    squares = [square for square in found if not any(square.meets(box) for box in without)]
    drawn = sorted(np.random.default_rng(seed).permutation(len(squares))[:count].tolist())
    parts = (slide.slide, slide.reader)
    return [write_picture(folder, *parts, squares[k], mpp, mpp / slide.mpp) for k in drawn]
