"""Plain picture files, and which of them can be trusted to be 8-bit RGB."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from monai_ext.errors import SlideError
from monai_ext.wsi.info import MPP_RANGE

_UM_PER_INCH = 25_400.0
_BITS_TAG = 258


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(path) as image:
            yield image
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def read_rgb(path: Path | str) -> np.ndarray:
    """Read a picture; see :func:`read_rgb_and_mpp`.

    Returns:
        uint8 ``[H, W, 3]``.
    """
    return read_rgb_and_mpp(Path(path))[0]


def read_rgb_and_mpp(path: Path) -> tuple[np.ndarray, float | None]:
    """Read a picture, and um a pixel where its resolution tags are those of a microscope.

    An alpha channel that is opaque everywhere is dropped; a palette becomes RGB.

    Args:
        path: PNG, JPEG, TIFF or BMP.

    Returns:
        uint8 ``[H, W, 3]``, and um a pixel or None.

    Raises:
        SlideError: if it cannot be read, is not 8-bit RGB, or is transparent somewhere.
    """
    try:
        with _opened(path) as image:
            _refuse_deep(path, image)
            return _rgb(path, image), _stored_mpp(image)
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise SlideError(
            f"image {path} cannot be read ({error})",
            "an image is a whole PNG, JPEG, BMP or TIFF file",
            "copy or export it again",
        ) from error


def _refuse_deep(path: Path, image: Image.Image) -> None:
    """Pillow cuts 16-bit colours down to 8 bits without a word, so look before it does."""
    bits = getattr(image, "tag_v2", {}).get(_BITS_TAG, 8)
    depth = max(bits) if isinstance(bits, tuple) else int(bits)
    if image.format == "PNG":
        with path.open("rb") as stream:
            depth = stream.read(25)[24]
    if depth > 8 or image.mode in ("I", "F", "I;16", "I;16B", "I;16L"):
        raise too_deep(path, max(depth, 16))


def too_deep(path: Path, bits: int) -> SlideError:
    """The refusal of more than 8 bits a channel."""
    return SlideError(
        f"image {path} has {bits} bits a channel",
        "networks are trained on 8-bit RGB, and there is more than one way to reduce others",
        "scale it to 0..255 and save it as 8-bit RGB, e.g. with skimage.util.img_as_ubyte",
    )


def _rgb(path: Path, image: Image.Image) -> np.ndarray:
    has_alpha = image.mode == "RGBA" or "transparency" in image.info
    if image.mode == "P":
        image = image.convert("RGBA" if has_alpha else "RGB")
    if image.mode not in ("RGB", "RGBA"):
        raise SlideError(
            f"image {path} is of kind {image.mode!r} (Pillow's word)",
            "a stained section has the three channels red, green, blue",
            "save it as 8-bit RGB; masks do not belong in this folder",
        )
    pixels = np.asarray(image)
    if pixels.shape[2] == 4 and pixels[..., 3].min() < 255:
        raise SlideError(
            f"image {path} is transparent somewhere",
            "a fourth channel is dropped only where it is opaque everywhere",
            "lay it on white and save it as RGB",
        )
    return pixels[..., :3].copy()


def _stored_mpp(image: Image.Image) -> float | None:
    dpi: Any = image.info.get("dpi")
    try:
        mpp = _UM_PER_INCH / (sum(map(float, dpi)) / 2)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return mpp if MPP_RANGE[0] <= mpp <= MPP_RANGE[1] else None
