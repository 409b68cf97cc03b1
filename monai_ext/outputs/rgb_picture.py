"""A network's input as a picture."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from monai_ext.errors import SettingError


def rgb_picture(
    image: torch.Tensor,
    *,
    size: tuple[int, int] | None = None,
    value_range: tuple[float, float] = (0.0, 255.0),
) -> NDArray[np.uint8]:
    """Pixels [H, W, 3] of an image tensor.

    Args:
        image: [3, H, W].
        size: height and width of the picture; ``None``: those of the image. Resampled bilinearly.
        value_range: values that become black and white; values outside are cut.

    Raises:
        SettingError: if there are not 3 channels, or the range is empty.
    """
    low, high = value_range
    if image.ndim != 3 or image.shape[0] != 3 or not low < high:
        raise SettingError(
            f"an image of shape {tuple(image.shape)} with values from {low:g} to {high:g}",
            "a picture has 3 channels [3, H, W], and white is above black",
            "give the RGB image and its value range",
        )
    plain = torch.as_tensor(image).detach().double().cpu().numpy()
    unit = np.clip((plain - low) / (high - low), 0, 1)
    pixels = np.rint(255 * np.moveaxis(unit, 0, 2)).astype(np.uint8)
    if size is None or size == pixels.shape[:2]:
        return pixels
    picture = Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(picture)
