"""Reading through cuCIM: fast, and further codecs, but without a guard against damage."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.errors import SettingError, SlideError
from monai_ext.wsi.info import SlideInfo, StoredLevel, whole_downsample
from monai_ext.wsi.openslide_reader import OpenSlideReader
from monai_ext.wsi.process_local import ProcessLocal
from monai_ext.wsi.slide_hash import slide_hash

if TYPE_CHECKING:
    from cucim import CuImage


class CucimReader:
    """A slide behind cuCIM.

    cuCIM 26.10 gives uninitialised memory for a destroyed JPEG tile and raises nothing, so
    ``open_slide`` takes it for JPEG only where the user asks for it.

    Args:
        path: the slide.
        mpp: um a level-0 px, instead of what the file says.

    Raises:
        SlideError: if cuCIM cannot open it.
        SettingError: if cuCIM is not installed.
    """

    backend = "cucim"

    def __init__(self, path: Path | str, mpp: float | None = None) -> None:
        self._image = ProcessLocal(partial(_open, Path(path)), _close)
        resolutions = self._image.get().resolutions
        self.info = _slide_info(Path(path), self._image.get(), mpp)
        self._scales = tuple(resolutions["level_downsamples"])
        found = tuple((level.width, level.height) for level in self.info.levels)
        if found != tuple(resolutions["level_dimensions"]):
            raise SlideError(
                f"slide {path} has other levels for cuCIM than for OpenSlide",
                "readers agree on the stored levels",
                "open it with reader=openslide",
            )

    def read_region(self, x: int, y: int, width: int, height: int, level: int) -> np.ndarray:
        """See ``SlideReader.read_region``."""
        stored = self.info.levels[level]
        left, top = (math.floor(v / stored.downsample + 0.5) for v in (x, y))
        region = np.full((height, width, 3), 255, np.uint8)
        low_x, high_x = max(left, 0), min(left + width, stored.width)
        low_y, high_y = max(top, 0), min(top + height, stored.height)
        if low_x < high_x and low_y < high_y:
            inside = self._read(low_x, low_y, high_x - low_x, high_y - low_y, level)
            region[low_y - top : high_y - top, low_x - left : high_x - left] = inside
        return region

    def _read(self, left: int, top: int, width: int, height: int, level: int) -> np.ndarray:
        """Stored pixels inside the level; cuCIM rounds a level-0 corner down to a stored px."""
        corner = tuple(math.ceil(v * self._scales[level] - 1e-9) for v in (left, top))
        try:
            part = self._image.get().read_region(corner, (width, height), level)
            return np.asarray(part)[..., :3]
        except (RuntimeError, ValueError) as error:
            raise SlideError(
                f"slide {self.info.path} cannot be read by cuCIM at px x={left} y={top} of level "
                f"{level} ({error})",
                "stored pixels must decode",
                "copy the file again, or leave the slide out",
            ) from error

    def close(self) -> None:
        """Release the file; reading again opens it again."""
        self._image.close()

    def __enter__(self) -> CucimReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _open(path: Path) -> CuImage:
    try:
        import torch  # noqa: F401  # before cuCIM: both bring CUDA libraries, torch's must load first
        from cucim import CuImage
    except ImportError as error:
        raise SettingError(
            f"reader=cucim, but cuCIM cannot be imported ({error})",
            "it is an optional package",
            "pip install 'monai-ext[cucim-cu13]', or use reader=auto",
        ) from error
    try:
        return CuImage(str(path))
    except (RuntimeError, ValueError) as error:
        raise SlideError(
            f"slide {path} cannot be opened by cuCIM ({error})",
            "cuCIM reads tiled TIFF and SVS",
            "open it with reader=auto",
        ) from error


def _close(image: CuImage) -> None:
    image.close()


def _slide_info(path: Path, image: CuImage, mpp: float | None) -> SlideInfo:
    """OpenSlide's description where it has one, so that readers agree; else cuCIM's."""
    try:
        with OpenSlideReader(path, mpp) as described:
            return described.info
    except SlideError:
        sizes = image.resolutions["level_dimensions"]
        levels = (StoredLevel(w, h, whole_downsample(sizes[0], (w, h))) for w, h in sizes)
        return SlideInfo(
            path=path,
            width=sizes[0][0],
            height=sizes[0][1],
            mpp=_mpp(image) if mpp is None else mpp,
            levels=tuple(levels),
            bounds=None,
            slide_hash=slide_hash(path),
            vendor="cucim",
        )


def _mpp(image: CuImage) -> float | None:
    if list(image.spacing_units())[:2] != ["micrometer", "micrometer"]:
        return None
    return float(np.mean(image.spacing()[:2]))
