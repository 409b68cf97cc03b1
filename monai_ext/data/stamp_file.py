"""STAMP's feature files: ``feats``, ``coords`` in um, attributes on the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from monai_ext.data.attributes import as_number, as_whole, plain_attributes
from monai_ext.data.slide_features import FeatureFacts

if TYPE_CHECKING:
    import h5py

_FIRST_TILE_PX, _FIRST_TILE_UM = 224, 256.0
"""STAMP 1 kept coordinates in pixels of tiles of 224 px and 256 um, and did not say so."""


def is_stamp(file: h5py.File) -> bool:
    """Whether the attributes are STAMP's, of any version."""
    return "stamp_version" in file.attrs or "extractor" in file.attrs


def stamp_facts(file: h5py.File, path: Path) -> FeatureFacts:
    """Read STAMP's attributes.

    Versions differ: 2.0 calls the tile's side in um ``tile_size``, 2.1 and later
    ``tile_size_um`` and add ``tile_size_px``; version 1 gives an extractor only.

    Reference:
        KatherLab/STAMP, ``src/stamp/preprocessing/__init__.py`` and
        ``src/stamp/modeling/data.py`` (``get_coords``).
    """
    attrs = plain_attributes(file.attrs)
    side_um, tile_px = _tile_um(attrs), as_whole(attrs.get("tile_size_px"))
    if _is_first(attrs):
        tile_px = _FIRST_TILE_PX
    encoder = attrs.get("extractor")
    return FeatureFacts(
        slide=path.stem,
        source="stamp",
        step_px=side_um,
        tile_px=tile_px,
        overlap_px=0,
        mpp=side_um / tile_px if side_um and tile_px else None,
        encoder_id=None if encoder is None else str(encoder),
        transform_hash=None if attrs.get("code_hash") is None else str(attrs["code_hash"]),
        coords_unit="um",
        attrs=attrs,
    )


def stamp_coords_um(coords: np.ndarray, facts: FeatureFacts) -> np.ndarray:
    """STAMP's coordinates as float64 um, whatever version wrote them."""
    if _is_first(facts.attrs):
        return coords * (_FIRST_TILE_UM / _FIRST_TILE_PX)
    return coords.astype(np.float64)


def _is_first(attrs: Any) -> bool:
    return "stamp_version" not in attrs


def _tile_um(attrs: dict[str, Any]) -> float | None:
    if _is_first(attrs):
        return _FIRST_TILE_UM
    return as_number(attrs.get("tile_size_um")) or as_number(attrs.get("tile_size"))
