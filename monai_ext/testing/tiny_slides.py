"""Small pyramidal TIFF slides made from an array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_JPEG = 7  # TIFF's number of the codec
_PHOTOMETRIC = {"rgb": 2, "ycbcr": 6}  # TIFF's numbers
_CHROMA = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}
_SHARED_SEGMENTS = {0xDB, 0xC4}  # quantisation and Huffman tables
_CODEC_TAG, _PHOTOMETRIC_TAG, _TABLES_TAG, _CHROMA_TAG = 259, 262, 347, 530


def write_tiny_slide(  # noqa: PLR0913
    path: Path | str,
    image: np.ndarray,
    *,
    mpp: float | None = 0.5,
    tile_px: int = 128,
    factors: Sequence[int] = (1, 2, 4),
    quality: int = 80,
    subsampling: str = "420",
    shared_tables: bool = False,
    photometric: str = "ycbcr",
    bigtiff: bool = False,
    description: str | None = None,
) -> Path:
    """Write a tiled pyramidal JPEG TIFF that OpenSlide, cuCIM and the strip reader open.

    Args:
        path: the file.
        image: uint8 [h, w, 3] RGB, level 0.
        mpp: um a level-0 px, kept in the resolution tags; ``None`` leaves them out.
        tile_px: edge of the stored tiles, a multiple of 16.
        factors: level-0 px a px of each level; sizes are cut to whole px.
        quality: JPEG quality, 1 to 100.
        subsampling: of the chroma, ``"420"``, ``"422"`` or ``"444"``.
        shared_tables: keep the tables once a level in the tag JPEGTables, as scanners do, instead
            of whole JPEG streams.
        photometric: ``"ycbcr"``, or ``"rgb"`` for JPEG without colour transform as Aperio has it.
        bigtiff: write 64-bit offsets.
        description: the first page's tag ImageDescription, where formats are told apart.

    Returns:
        ``path``.
    """
    import tifffile

    path = Path(path)
    with tifffile.TiffWriter(path, bigtiff=bigtiff) as writer:
        for factor in factors:
            level = shrink(image, factor)
            streams = [
                _encode(tile, quality, subsampling, photometric) for tile in _cut(level, tile_px)
            ]
            tags = _chroma_tag(photometric, subsampling)
            if shared_tables:
                tables, streams = _share_tables(streams)
                tags.append((_TABLES_TAG, 7, len(tables), tables, True))
            # tifffile encodes JPEG only with a further package: hand it finished streams under a
            # codec that it has, and name the true one below.
            writer.write(
                iter(streams),
                shape=level.shape,
                dtype=np.uint8,
                tile=(tile_px, tile_px),
                compression="adobe_deflate",
                photometric="rgb",
                subfiletype=int(factor > 1),
                metadata=None,
                description=description if factor == factors[0] else None,
                extratags=tags,
                **_resolution(mpp, factor),
            )
    with tifffile.TiffFile(path, mode="r+") as tiff:
        for page in tiff.pages:
            tags = page.aspage().tags
            tags[_CODEC_TAG].overwrite(_JPEG)
            tags[_PHOTOMETRIC_TAG].overwrite(_PHOTOMETRIC[photometric])
    return path


def shrink(image: np.ndarray, factor: int) -> np.ndarray:
    """Area mean of blocks of ``factor`` px in float64, rounded; a remainder is cut off."""
    rows, cols = image.shape[0] // factor, image.shape[1] // factor
    cut = image[: rows * factor, : cols * factor]
    total = np.zeros((rows, cols, 3), np.uint32)
    for y in range(factor):
        for x in range(factor):
            total += cut[y::factor, x::factor]
    return (total / factor**2).round().astype(np.uint8)


def _cut(level: np.ndarray, edge: int) -> Iterator[np.ndarray]:
    for y in range(0, level.shape[0], edge):
        for x in range(0, level.shape[1], edge):
            tile = level[y : y + edge, x : x + edge]
            fill = [(0, edge - tile.shape[0]), (0, edge - tile.shape[1]), (0, 0)]
            yield np.pad(tile, fill, mode="edge")


def _encode(tile: np.ndarray, quality: int, subsampling: str, photometric: str) -> bytes:
    import simplejpeg

    if photometric == "ycbcr":
        return simplejpeg.encode_jpeg(tile, quality, colorsubsampling=subsampling)
    red, green, blue = (np.ascontiguousarray(tile[..., channel]) for channel in range(3))
    return simplejpeg.encode_jpeg_yuv_planes(red, green, blue, quality)


def _share_tables(streams: list[bytes]) -> tuple[bytes, list[bytes]]:
    """The tables of all streams as one stream, and the streams without them."""
    split = [_split_tables(stream) for stream in streams]
    if any(tables != split[0][0] for tables, _ in split):
        raise ValueError("the tiles' JPEG tables differ, so they cannot be shared")
    return b"\xff\xd8" + split[0][0] + b"\xff\xd9", [rest for _, rest in split]


def _split_tables(stream: bytes) -> tuple[bytes, bytes]:
    tables, rest, at = b"", b"\xff\xd8", 2
    while stream[at + 1] != 0xDA:  # up to the start of scan
        end = at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at + 1] in _SHARED_SEGMENTS:
            tables += stream[at:end]
        else:
            rest += stream[at:end]
        at = end
    return tables, rest + stream[at:]


def _chroma_tag(photometric: str, subsampling: str) -> list[tuple]:
    if photometric == "rgb":
        return []
    return [(_CHROMA_TAG, 3, 2, _CHROMA[subsampling], True)]


def _resolution(mpp: float | None, factor: int) -> dict[str, Any]:
    if mpp is None:
        return {"resolutionunit": "NONE"}
    per_cm = 1e4 / (mpp * factor)
    return {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}
