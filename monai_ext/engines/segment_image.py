"""Plain images, read as if they were slides of one level."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_ext.wsi import SlideInfo, StoredLevel
from monai_ext.wsi.rgb_image import read_rgb_and_mpp, too_deep
from monai_ext.wsi.slide_hash import slide_hash

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_TIFF_SUFFIXES = (".tif", ".tiff")


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
        self._pixels, stored = read_rgb_and_mpp(path)
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
        return path.is_file()
    if path.is_dir() or path.suffix.lower() not in _TIFF_SUFFIXES:
        return False
    from tifffile import TiffFile, TiffFileError

    try:
        with TiffFile(path) as tiff:
            page, count = tiff.pages[0].aspage(), len(tiff.pages)
            bits, samples, is_tiled = page.bitspersample, page.samplesperpixel, page.is_tiled
    except (OSError, ValueError, LookupError, TiffFileError):
        return False  # the slide readers say what is wrong with it
    if bits > 8:
        raise too_deep(path, bits)
    return not is_tiled or (samples == 4 and count == 1)
