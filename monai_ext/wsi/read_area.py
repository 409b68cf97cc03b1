"""Any rectangle of a slide at any size."""

from __future__ import annotations

import numpy as np

from monai_ext.errors import SettingError
from monai_ext.wsi.cover import cover
from monai_ext.wsi.resample import resample_box
from monai_ext.wsi.slide_reader import SlideReader


def read_area(
    slide: SlideReader, x: int, y: int, width: int, height: int, out_width: int, out_height: int
) -> np.ndarray:
    """Read a rectangle of level 0, resampled from the nearest finer stored level.

    Args:
        slide: the reader.
        x: left edge, level-0 px; may lie outside.
        y: top edge, level-0 px.
        width: level-0 px.
        height: level-0 px.
        out_width: px of the result.
        out_height: px of the result.

    Returns:
        uint8 [out_height, out_width, 3] RGB, white outside the slide.

    Raises:
        SlideError: if the stored pixels cannot be read.
        SettingError: if a size is below 1.
    """
    if min(width, height, out_width, out_height) < 1:
        sizes = f"width={width} height={height} out_width={out_width} out_height={out_height}"
        raise SettingError(sizes, "an area and its picture have at least 1 px", "give sizes >= 1")
    level = slide.info.finer_level(min(width / out_width, height / out_height))
    down = slide.info.levels[level].downsample
    across, along = cover(x / down, (x + width) / down), cover(y / down, (y + height) / down)
    corner = round(across.first * down), round(along.first * down)
    image = slide.read_region(*corner, across.count, along.count, level)
    box = (across.start, along.start, across.stop, along.stop)
    return resample_box(image, box, out_width, out_height)
