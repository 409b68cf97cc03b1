"""Plain picture files, and which of them can be trusted to be 8-bit RGB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.errors import SlideError

if TYPE_CHECKING:
    from PIL import Image

_EIGHT_BIT = ("RGB", "P", "L", "1", "CMYK", "YCbCr")
_RULE = "an image is 8-bit RGB (PNG, JPEG or TIFF)"


def read_rgb(path: Path | str) -> np.ndarray:
    """Read a picture.

    An alpha channel that is opaque everywhere is dropped; grey and palette become RGB.

    Args:
        path: PNG, JPEG, TIFF, BMP.

    Returns:
        uint8 ``[H, W, 3]``.

    Raises:
        SlideError: if it cannot be read, is not 8-bit (16-bit, float), or is transparent somewhere.
    """
    from PIL import Image

    try:
        with Image.open(path) as opened:
            opened.load()
            image: Image.Image = opened
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SlideError(f"{path} cannot be read ({error})", _RULE, "export it again") from error
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _without_alpha(image.convert("RGBA"), path)
    if image.mode not in _EIGHT_BIT:
        raise SlideError(
            f"{path} has pixels of type {image.mode}, more than 8 bits",
            _RULE,
            "convert it to 8 bits, with the same black and white point for all images",
        )
    return np.array(image.convert("RGB"))


def _without_alpha(image: Image.Image, path: Path | str) -> Image.Image:
    from PIL import Image

    pixels = np.asarray(image)
    share = float((pixels[..., 3] < 255).mean())
    if share > 0:
        raise SlideError(
            f"{path} has 4 channels and is transparent in {100 * share:.1f} % of its pixels",
            _RULE,
            "flatten it onto white, or crop the transparent part away",
        )
    return Image.fromarray(pixels[..., :3].copy())
