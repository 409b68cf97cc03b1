"""Tissue from a mask picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_ext.errors import SlideError
from monai_ext.hashing import file_hash
from monai_ext.wsi.info import SlideInfo
from monai_ext.wsi.tissue_mask import TissueMask


def tissue_from_image(path: Path | str, slide_info: SlideInfo) -> TissueMask:
    """Read a mask of the whole level 0, at any size: 0 is background, the other value tissue.

    Args:
        path: a PNG (or TIFF, BMP) of two values.
        slide_info: the slide.

    Raises:
        SlideError: if it is no picture, has more than two values, or another aspect ratio than
            the slide (by more than 1 % and more than 1 px).
    """
    path = Path(path)
    values = _values(path)
    found = np.unique(values)
    if len(found) > 2 or (len(found) == 2 and found[0] != 0):
        raise _unfit(path, f"has {len(found)} values from {found[0]} to {found[-1]}")
    height, width = values.shape
    expected = width * slide_info.height / slide_info.width
    if abs(expected - height) > max(1.0, 0.01 * expected):
        raise _unfit(
            path,
            f"is {width} x {height} px, but the slide is {slide_info.width} x {slide_info.height}",
        )
    return TissueMask(
        mask=values > 0,
        downsample=(slide_info.width / width, slide_info.height / height),
        slide_size=(slide_info.width, slide_info.height),
        origin=slide_info.origin,
        method=f"image {file_hash(path)[:16]}",
    )


def _values(path: Path) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise _unfit(path, f"cannot be read ({error})") from error


def _unfit(path: Path, why: str) -> SlideError:
    return SlideError(
        f"tissue mask {path} {why}",
        "a mask is a picture of the whole slide at any size, 0 and one other value",
        "export it again without interpolation, from the whole level 0",
    )
