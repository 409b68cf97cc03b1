"""Masks of pixel classes as picture files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monai_ext.errors import SlideError
from monai_ext.ops.balanced_pixels import IGNORED

_RULE = f"a mask is a picture of its image's size, pixel = class number, {IGNORED} = not counted"


def read_mask(path: Path | str) -> np.ndarray:
    """Read class numbers.

    A picture of one bit has the classes 0 and 1; a palette picture its palette's places.

    Args:
        path: PNG or TIFF, 1 or 8 bits, one channel.

    Returns:
        uint8 ``[H, W]``.

    Raises:
        SlideError: if it cannot be read or is no picture of that kind.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SlideError(
            f"mask {path} cannot be read ({error})", _RULE, "export it again"
        ) from error
    if image.mode not in ("1", "L", "P"):
        raise SlideError(
            f"mask {path} has pixels of type {image.mode}", _RULE, "export it as 8 bits"
        )
    return np.asarray(image).astype(np.uint8)


def mask_problem(mask: np.ndarray, size: tuple[int, int], class_names: Sequence[str]) -> str | None:
    """What is wrong with a mask; None if nothing is.

    Args:
        mask: uint8 ``[H, W]``.
        size: H and W of its image.
        class_names: a pixel is a place in this list, or 255.
    """
    if mask.shape != tuple(size):
        return f"mask is {mask.shape[1]} x {mask.shape[0]} px, its image {size[1]} x {size[0]}"
    values = np.unique(mask)
    foreign = [int(v) for v in values if v >= len(class_names) and v != IGNORED]
    if foreign:
        return f"mask holds {foreign[:5]}, the classes are 0 to {len(class_names) - 1}"
    if values.tolist() == [0, IGNORED] and len(class_names) == 2:
        return f"mask holds 0 and {IGNORED} (not counted): write 1 for {class_names[1]}"
    return None


def read_sound_mask(
    path: Path | str, size: tuple[int, int], class_names: Sequence[str]
) -> np.ndarray:
    """Read a mask and refuse one that does not fit its image.

    Raises:
        SlideError: names the file and what is wrong with it.
    """
    mask = read_mask(path)
    problem = mask_problem(mask, size, class_names)
    if problem is not None:
        raise SlideError(f"{path}: {problem}", _RULE, "mend the mask")
    return mask
