"""Pyramidal tiled JPEG TIFF slides with their resolution, from an array or from a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.tiled_tiff import TiffPage, TiledTiff
from monai_ext.errors import SettingError

_UM_PER_CM = 1e4
_CLASSIC_LIMIT = 2**31  # uncompressed bytes: well below the 4 GiB offsets of a classic TIFF
_SUBSAMPLING = {"444": (1, 1), "422": (2, 1), "420": (2, 2)}


def write_pyramid_tiff(
    path: Path | str,
    source: np.ndarray | Iterable[np.ndarray],
    size: tuple[int, int],
    *,
    mpp: float,
    tile_px: int = 256,
    quality: int = 90,
    subsampling: str = "444",
    description: str = "",
) -> Path:
    """Write one slide: level 0, then halves by 2 x 2 averaging until one tile holds it all.

    Tiles of all levels are encoded and written as the rows come, so memory holds a few rows
    of tiles. Pixels beyond an odd edge repeat the edge, so pixel ``(x, y)`` of level k is
    the mean of level 0 from ``(x, y) * 2**k`` on. Equal input gives equal bytes.

    Args:
        path: the TIFF; it appears only when complete.
        source: ``[height, width, 3]`` uint8, or bands of rows ``[h, width, 3]`` from top to
            bottom, each of any height.
        size: width and height in pixels.
        mpp: um a pixel, positive; it is written as pixels a centimetre at every level.
        tile_px: side of the stored tiles, a multiple of 16.
        quality: JPEG quality, 1 to 100.
        subsampling: of the colours: ``"444"``, ``"422"`` or ``"420"``.
        description: tag ImageDescription of level 0, ASCII.

    Returns:
        ``path``.

    Raises:
        SettingError: for a size, mpp, tile side or subsampling outside the rules, or bands
            that do not add up to ``size``.
    """
    _check(size, mpp, tile_px, subsampling)
    bands = [source] if isinstance(source, np.ndarray) else source
    pages = [
        TiffPage(w, h, tile_px, _UM_PER_CM / (mpp * 2**k), _SUBSAMPLING[subsampling], k > 0)
        for k, (w, h) in enumerate(pyramid_shapes(size, tile_px))
    ]
    pages[0].description = description
    with write_atomically(path) as partial, partial.open("w+b") as stream:
        tiff = TiledTiff(stream, pages, is_big=size[0] * size[1] * 3 > _CLASSIC_LIMIT)
        pyramid = _Pyramid(tiff, quality, subsampling)
        for strip in _strips(bands, size, tile_px):
            pyramid.add(0, strip)
        pyramid.finish()
        tiff.close()
    return Path(path)


def pyramid_shapes(size: tuple[int, int], tile_px: int) -> list[tuple[int, int]]:
    """Width and height of every level: halved, rounded up, until one tile holds the level.

    Example:
        >>> pyramid_shapes((775, 522), 256)
        [(775, 522), (388, 261), (194, 131)]
    """
    shapes = [size]
    while max(shapes[-1]) > tile_px:
        width, height = shapes[-1]
        shapes.append(((width + 1) // 2, (height + 1) // 2))
    return shapes


def halve(image: np.ndarray) -> np.ndarray:
    """Mean of 2 x 2 pixels, rounded half up; an odd edge is repeated.

    Example:
        >>> halve(np.array([[0, 1, 9], [2, 3, 5]], dtype=np.uint8)[..., None]).squeeze(-1)
        array([[2, 7]], dtype=uint8)
    """
    height, width = image.shape[:2]
    image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    rows = image[0::2].astype(np.uint16) + image[1::2]
    return ((rows[:, 0::2] + rows[:, 1::2] + 2) >> 2).astype(np.uint8)


class _Pyramid:
    """Encode strips of one row of tiles, and gather their halves for the level below."""

    def __init__(self, tiff: TiledTiff, quality: int, subsampling: str) -> None:
        self.tiff, self.quality, self.subsampling = tiff, quality, subsampling
        self.tile_px = tiff.pages[0].tile_px
        self.waiting: list[list[np.ndarray]] = [[] for _ in tiff.pages]

    def add(self, level: int, strip: np.ndarray) -> None:
        """Write a strip's tiles; pass its half down when a row of tiles is full."""
        self._encode(level, strip)
        if level + 1 < len(self.waiting):
            below = self.waiting[level + 1]
            below.append(halve(strip))
            if sum(map(len, below)) == self.tile_px:
                self._pass_down(level + 1)

    def finish(self) -> None:
        """Write the last, lower strip of every level."""
        for level, below in enumerate(self.waiting):
            if below:
                self._pass_down(level)

    def _pass_down(self, level: int) -> None:
        strip = np.concatenate(self.waiting[level])
        self.waiting[level].clear()
        self.add(level, strip)

    def _encode(self, level: int, strip: np.ndarray) -> None:
        from simplejpeg import encode_jpeg

        side = self.tile_px
        height, width = strip.shape[:2]
        strip = np.pad(strip, ((0, side - height), (0, -width % side), (0, 0)), mode="edge")
        for x in range(0, width, side):
            tile = np.ascontiguousarray(strip[:, x : x + side])
            jpeg = encode_jpeg(tile, quality=self.quality, colorsubsampling=self.subsampling)
            self.tiff.add_tile(level, jpeg)


def _strips(
    bands: Iterable[np.ndarray], size: tuple[int, int], tile_px: int
) -> Iterator[np.ndarray]:
    """Cut bands of any height into strips of ``tile_px`` rows; the last may be lower."""
    held = np.empty((0, size[0], 3), dtype=np.uint8)
    total = 0
    for band in bands:
        if band.ndim != 3 or band.shape[1:] != (size[0], 3) or band.dtype != np.uint8:
            raise SettingError(
                f"a band of shape {band.shape}, {band.dtype}",
                f"bands are [rows, {size[0]}, 3] uint8",
                "check the size given",
            )
        total += len(band)
        held = np.concatenate([held, band]) if len(held) else band
        whole = len(held) - len(held) % tile_px
        yield from (held[y : y + tile_px] for y in range(0, whole, tile_px))
        held = held[whole:]
    if len(held):
        yield held
    if total != size[1]:
        raise SettingError(f"{total} rows", f"the slide has {size[1]}", "check the size given")


def _check(size: tuple[int, int], mpp: float, tile_px: int, subsampling: str) -> None:
    if min(size) < 1:
        raise SettingError(f"size {size}", "a slide has at least one pixel", "give an image")
    if not mpp > 0:
        raise SettingError(f"mpp={mpp}", "um a pixel is positive", "give the scanner's value")
    if tile_px < 16 or tile_px % 16:
        raise SettingError(f"tile_px={tile_px}", "TIFF tiles are multiples of 16", "try 256")
    if subsampling not in _SUBSAMPLING:
        raise SettingError(
            f"subsampling={subsampling!r}", f"it is one of {sorted(_SUBSAMPLING)}", "try '444'"
        )
