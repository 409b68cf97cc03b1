"""What a network says of every pixel of a slide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_ext.data.label_runs import LabelRuns


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Class of every pixel of a slide, from the corner that QuPath calls (0, 0).

    Attributes:
        slide: its name.
        labels: uint8 [H, W], class; 0 is background, and where nothing was looked at.
        runs: the same without class 0, with probabilities.
        seen: int64 [C], pixels of each class where the network was asked.
        scale: level-0 px a pixel.
        mpp: um a pixel.
        size: width and height of what is shown, in level-0 px.
        origin: level-0 px ``(x, y)`` of its corner: the slide's bounds where it has them.
        slide_hash: identity of the file.
        reader: what read it.
        seconds: that the slide took, from opening on.
    """

    slide: str
    labels: np.ndarray
    runs: LabelRuns
    seen: np.ndarray
    scale: float
    mpp: float
    size: tuple[int, int]
    origin: tuple[int, int]
    slide_hash: str
    reader: str
    seconds: float


@dataclass(frozen=True)
class NotSegmented:
    """A slide without a label map.

    Attributes:
        slide: its name.
        reason: why; empty where its results are there already.
    """

    slide: str
    reason: str = ""
