"""Where feature files lie: TRIDENT's folders, ``20x_256px_0px_overlap/features_uni_v1/a.h5``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_FOLDER = re.compile(r"(?P<mag>\d+(?:\.\d+)?)x_(?P<tile>\d+)px_(?P<overlap>\d+)px_overlap")
_ENCODER_PREFIX = "features_"
KNOWN_SUFFIXES = (
    ".ome.tiff",
    ".ome.tif",
    ".ome.zarr",
    ".svs",
    ".svslide",
    ".tiff",
    ".tif",
    ".ndpi",
    ".mrxs",
    ".scn",
    ".bif",
    ".vms",
    ".vmu",
    ".dcm",
    ".czi",
    ".qptiff",
    ".zarr",
    ".isyntax",
    ".sdpc",
    ".dzi",
    ".jpeg",
    ".jpg",
    ".png",
    ".h5",
    ".hdf5",
    ".pt",
)
"""Endings of slide and feature files; longer ones first where one ends in another."""


class LevelName(NamedTuple):
    """What a TRIDENT folder's name says."""

    magnification: float
    tile_px: int
    overlap_px: int


def level_folder_name(magnification: float, tile_px: int, *, overlap_px: int = 0) -> str:
    """Name of the folder of one magnification.

    Example:
        >>> level_folder_name(20.0, 256), level_folder_name(2.5, 512, overlap_px=64)
        ('20x_256px_0px_overlap', '2.5x_512px_64px_overlap')
    """
    return f"{magnification:g}x_{tile_px}px_{overlap_px}px_overlap"


def parse_level_folder(name: str) -> LevelName | None:
    """Read a folder's name back; None if it is not TRIDENT's form.

    Example:
        >>> parse_level_folder("20x_256px_0px_overlap")
        LevelName(magnification=20.0, tile_px=256, overlap_px=0)
    """
    match = _FOLDER.fullmatch(name)
    if match is None:
        return None
    return LevelName(float(match["mag"]), int(match["tile"]), int(match["overlap"]))


def parse_encoder_folder(name: str) -> str | None:
    """Encoder id in a folder's name; None for another folder, e.g. ``slide_features_titan``."""
    return name.removeprefix(_ENCODER_PREFIX) if name.startswith(_ENCODER_PREFIX) else None


def feature_path(
    root: Path | str,
    magnification: float,
    tile_px: int,
    encoder_id: str,
    slide: str,
    *,
    overlap_px: int = 0,
) -> Path:
    """Path of one slide's features at one magnification.

    Args:
        root: the job's folder.
        magnification: nominal, e.g. 20 for 0.5 um a pixel.
        tile_px: side of a tile in pixels at that magnification.
        encoder_id: e.g. ``"uni_v1"``.
        slide: the slide file's stem, taken as it is (dots included).
        overlap_px: overlap of neighbouring tiles.

    Example:
        >>> feature_path("job", 20, 256, "uni_v1", "TCGA-01.a").as_posix()
        'job/20x_256px_0px_overlap/features_uni_v1/TCGA-01.a.h5'
    """
    folder = level_folder_name(magnification, tile_px, overlap_px=overlap_px)
    return Path(root) / folder / f"{_ENCODER_PREFIX}{encoder_id}" / f"{slide}.h5"


def slide_stem(name: Path | str) -> str:
    """Name of a slide without folders and without one known ending.

    Example:
        >>> slide_stem("a/TCGA-01.uuid.SVS"), slide_stem("b.ome.tif"), slide_stem("v1.2 #3")
        ('TCGA-01.uuid', 'b', 'v1.2 #3')
    """
    bare = Path(str(name).strip()).name
    for suffix in KNOWN_SUFFIXES:
        if bare.lower().endswith(suffix) and len(bare) > len(suffix):
            return bare[: -len(suffix)]
    return bare
