"""Reading through OpenSlide: every format it knows, tile by tile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.errors import SlideError
from monai_ext.wsi.dicom_series import dicom_hash
from monai_ext.wsi.info import SlideInfo, StoredLevel, whole_downsample
from monai_ext.wsi.process_local import ProcessLocal
from monai_ext.wsi.slide_hash import slide_hash

if TYPE_CHECKING:
    from openslide import OpenSlide

_MAX_TILE_PX = 1 << 28


class OpenSlideReader:
    """A slide behind OpenSlide.

    Where a level's size is no whole fraction of level 0, OpenSlide places its pixels between
    stored ones (it scales by the ratio of the sizes); the others give stored pixels. The shift is
    at most half a level-0 pixel.

    Args:
        path: the slide.
        mpp: um a level-0 px, instead of what the file says.

    Raises:
        SlideError: if OpenSlide cannot open it.
    """

    backend = "openslide"

    def __init__(self, path: Path | str, mpp: float | None = None) -> None:
        self._slide = ProcessLocal(partial(_open, Path(path)), _close)
        self.info = _slide_info(Path(path), self._slide.get(), mpp)
        self._scales = tuple(self._slide.get().level_downsamples)

    def read_region(self, x: int, y: int, width: int, height: int, level: int) -> np.ndarray:
        """See ``SlideReader.read_region``."""
        from openslide import OpenSlideError

        down = self.info.levels[level].downsample
        corner = tuple(round(np.floor(v / down + 0.5) * self._scales[level]) for v in (x, y))
        try:
            rgba = self._slide.get().read_region(corner, level, (width, height))
        except OpenSlideError as error:
            self._slide.close()  # a handle stays unusable once it has failed
            raise SlideError(
                f"slide {self.info.path} cannot be read at x={x} y={y} level={level} ({error})",
                "stored pixels must decode",
                "copy the file again, or leave the slide out",
            ) from error
        return _over_white(np.asarray(rgba))

    def close(self) -> None:
        """Release the file; reading again opens it again."""
        self._slide.close()

    def __enter__(self) -> OpenSlideReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _open(path: Path) -> OpenSlide:
    from openslide import OpenSlide, OpenSlideError

    try:
        return OpenSlide(path)
    except (OpenSlideError, OSError) as error:
        raise SlideError(
            f"slide {path} cannot be opened by OpenSlide ({error})",
            "a slide is a whole file of a format that OpenSlide or cuCIM reads",
            "check that the file is complete and is a whole-slide image",
        ) from error


def _close(slide: OpenSlide) -> None:
    slide.close()


def _slide_info(path: Path, slide: OpenSlide, mpp: float | None) -> SlideInfo:
    properties = slide.properties
    _check_tiles(path, properties, slide.level_count)
    size, vendor = slide.dimensions, properties.get("openslide.vendor", "unknown")
    return SlideInfo(
        path=path,
        width=size[0],
        height=size[1],
        mpp=_mpp(properties) if mpp is None else mpp,
        levels=tuple(
            StoredLevel(w, h, whole_downsample(size, (w, h))) for w, h in slide.level_dimensions
        ),
        bounds=_bounds(properties, size),
        slide_hash=dicom_hash(path)
        if vendor == "dicom"
        else slide_hash(path, properties.get("openslide.quickhash-1")),
        vendor=vendor,
    )


def _check_tiles(path: Path, properties: Mapping[str, str], levels: int) -> None:
    """Refuse tiles of absurd size: OpenSlide ends the process when it cannot allocate one."""
    for level in range(levels):
        keys = [f"openslide.level[{level}].tile-{edge}" for edge in ("width", "height")]
        width, height = (int(properties.get(key, 0)) for key in keys)
        if width * height > _MAX_TILE_PX:
            raise SlideError(
                f"slide {path} is damaged: level {level} claims tiles of {width} x {height} px",
                f"a stored tile has at most {_MAX_TILE_PX} px",
                "copy the file again",
            )


def _mpp(properties: Mapping[str, str]) -> float | None:
    values = [
        float(properties[key])
        for key in ("openslide.mpp-x", "openslide.mpp-y")
        if key in properties
    ]
    return sum(values) / len(values) if values else None


def _bounds(
    properties: Mapping[str, str], size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    keys = [f"openslide.bounds-{name}" for name in ("x", "y", "width", "height")]
    if not all(key in properties for key in keys):
        return None
    x, y, width, height = (int(properties[key]) for key in keys)
    return None if (x, y, width, height) == (0, 0, *size) else (x, y, width, height)


def _over_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[..., 3:]
    if alpha.min() == 255:
        return np.ascontiguousarray(rgba[..., :3])
    colour = rgba[..., :3].astype(np.uint16) * alpha + 255 * (255 - alpha.astype(np.uint16))
    return ((colour + 127) // 255).astype(np.uint8)
