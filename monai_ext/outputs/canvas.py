"""The picture under a heat map: a slide's thumbnail, or a plain ground where there is no slide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_ext.errors import SettingError
from monai_ext.outputs.slide_frame import SlideFrame, slide_frame
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.slide_reader import SlideReader

_STRIP_PX = 24_000_000  # stored px read at a time: some 70 MB


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture and its place on the slide.

    Attributes:
        image: uint8 RGB, [H, W, 3].
        frame: the part of level 0 that it shows, from its upper left corner.
        downsample: level-0 px a pixel, a whole number, so that every pixel is a whole block.
    """

    image: NDArray[np.uint8]
    frame: SlideFrame
    downsample: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.image.shape[1], self.image.shape[0]


def thumbnail_canvas(slide: SlideReader, long_side_px: int) -> Canvas:
    """Thumbnail of the slide's frame, from its pixels (never the label or macro image).

    It is read in strips, so memory is bounded also for a slide with one stored level.

    Args:
        slide: the reader.
        long_side_px: longer side of the picture, at most.

    Raises:
        SlideError: if the stored pixels cannot be read.
        SettingError: if ``long_side_px`` is below 1.
    """
    frame = slide_frame(slide.info)
    down, (width, height) = _scale(frame, long_side_px)
    image = np.empty((height, width, 3), dtype=np.uint8)
    stored = slide.info.levels[slide.info.finer_level(down)].downsample
    rows = max(1, int(_STRIP_PX * (stored / down) ** 2 / width))
    for top in range(0, height, rows):
        n = min(rows, height - top)
        y = frame.y + top * down
        image[top : top + n] = read_area(slide, frame.x, y, width * down, n * down, width, n)
    return Canvas(image, frame, down)


def plain_canvas(frame: SlideFrame, long_side_px: int) -> Canvas:
    """A light ground of the frame's shape."""
    down, (width, height) = _scale(frame, long_side_px)
    return Canvas(np.full((height, width, 3), 236, dtype=np.uint8), frame, down)


def _scale(frame: SlideFrame, long_side_px: int) -> tuple[int, tuple[int, int]]:
    if long_side_px < 1:
        raise SettingError(
            f"long_side_px={long_side_px}", "a picture has at least 1 px", "try 2000"
        )
    down = max(1, math.ceil(max(frame.width, frame.height) / long_side_px))
    return down, (math.ceil(frame.width / down), math.ceil(frame.height / down))
