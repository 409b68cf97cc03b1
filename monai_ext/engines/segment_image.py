"""Plain images, read as if they were slides of one level."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from monai_ext.errors import SlideError
from monai_ext.wsi import SlideInfo, StoredLevel
from monai_ext.wsi.info import MPP_RANGE
from monai_ext.wsi.slide_hash import slide_hash

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_TIFF_SUFFIXES = (".tif", ".tiff")
_UM_PER_INCH = 25_400.0
_BITS_TAG = 258


class PlainImage:
    """An image that is held in memory as a whole.

    Its um a pixel come from its resolution tags where these are believable for a microscope; the
    72 or 300 dpi that programs write are not.

    Args:
        path: PNG, JPEG, BMP or TIFF of 8-bit RGB; an alpha channel that is opaque everywhere is
            dropped.
        mpp: um a px, instead of what the file says.

    Raises:
        SlideError: if it cannot be read, has another kind of pixels, or is transparent somewhere.
    """

    backend = "image"

    def __init__(self, path: Path | str, mpp: float | None = None) -> None:
        path = Path(path)
        self._pixels, stored = _read(path)
        height, width = self._pixels.shape[:2]
        self.info = SlideInfo(
            path=path,
            width=width,
            height=height,
            mpp=stored if mpp is None else mpp,
            levels=(StoredLevel(width, height, 1.0),),
            bounds=None,
            slide_hash=slide_hash(path),
            vendor="image",
        )

    def read_region(self, x: int, y: int, width: int, height: int, level: int) -> np.ndarray:  # noqa: ARG002
        """See ``SlideReader.read_region``."""
        region = np.full((height, width, 3), 255, np.uint8)
        left, top = max(x, 0), max(y, 0)
        found = self._pixels[top : max(y + height, 0), left : max(x + width, 0)]
        rows, cols = found.shape[:2]
        region[top - y : top - y + rows, left - x : left - x + cols] = found
        return region

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> PlainImage:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def is_plain_image(path: Path | str) -> bool:
    """Whether a file is an image rather than a slide: by suffix, or a TIFF without stored tiles.

    Raises:
        SlideError: for a TIFF of more than 8 bits a channel, which slide readers would cut down
            without a word.
    """
    path = Path(path)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return True
    if path.suffix.lower() not in _TIFF_SUFFIXES:
        return False
    from tifffile import TiffFile, TiffFileError

    try:
        with TiffFile(path) as tiff:
            page, count = tiff.pages[0].aspage(), len(tiff.pages)
            bits, samples, is_tiled = page.bitspersample, page.samplesperpixel, page.is_tiled
    except (OSError, ValueError, LookupError, TiffFileError):
        return False  # the slide readers say what is wrong with it
    if bits > 8:
        raise _too_deep(path, bits)
    return not is_tiled or (samples == 4 and count == 1)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(path) as image:
            yield image
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _read(path: Path) -> tuple[np.ndarray, float | None]:
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
        raise _too_deep(path, max(depth, 16))


def _too_deep(path: Path, bits: int) -> SlideError:
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
    return np.ascontiguousarray(pixels[..., :3])


def _stored_mpp(image: Image.Image) -> float | None:
    dpi: Any = image.info.get("dpi")
    try:
        mpp = _UM_PER_INCH / (sum(map(float, dpi)) / 2)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return mpp if MPP_RANGE[0] <= mpp <= MPP_RANGE[1] else None
