"""TRIDENT's feature files: attributes on ``coords`` and ``features``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_ext.data.attributes import as_number, as_whole, plain_attributes
from monai_ext.data.slide_features import FeatureFacts

if TYPE_CHECKING:
    import h5py


def is_trident(file: h5py.File) -> bool:
    """Whether the attributes are TRIDENT's."""
    if "coords" in file and "target_magnification" in file["coords"].attrs:
        return True
    return "features" in file and "encoder" in file["features"].attrs


def trident_facts(file: h5py.File, path: Path) -> FeatureFacts:
    """Read TRIDENT's attributes.

    The magnifications are binned (0.2 to 0.3 um is "40x"), so the mpp is nominal and the slide's
    own is unknown. The distance of tiles is worked out as TRIDENT's patcher does, rounded: its
    attribute ``patch_size_level0`` is rounded down and can be a pixel short (256 px at 15x of a
    40x slide: 682 written, 683 used), which adds up over a slide.

    Reference:
        mahmoodlab/TRIDENT, ``trident/IO.py`` and ``trident/wsi_objects/WSIPatcher.py``.
    """
    features = plain_attributes(file["features"].attrs)
    coords = plain_attributes(file["coords"].attrs) if "coords" in file else {}
    target, overlap = as_number(coords.get("target_magnification")), coords.get("overlap")
    width, height = (as_whole(coords.get(f"level0_{side}")) for side in ("width", "height"))
    encoder = features.get("encoder")
    return FeatureFacts(
        slide=str(features.get("name") or coords.get("name") or path.stem),
        source="trident",
        step_px=_step(coords),
        tile_px=as_whole(coords.get("patch_size")),
        overlap_px=as_whole(overlap),
        mpp=10 / target if target else None,
        encoder_id=None if encoder is None else str(encoder),
        level0_size=None if width is None or height is None else (width, height),
        attrs={"features": features, "coords": coords},
    )


def _step(coords: dict[str, Any]) -> float | None:
    size, overlap = as_number(coords.get("patch_size")), as_number(coords.get("overlap")) or 0
    level0 = as_number(coords.get("level0_magnification"))
    target = as_number(coords.get("target_magnification"))
    if size and level0 and target:
        # TRIDENT divides pixel sizes, 10 / magnification, in this order, and so do we.
        downsample = (10 / target) / (10 / level0)
        return float(round(size * downsample) - round(overlap * downsample)) or None
    if (written := as_number(coords.get("patch_size_level0"))) and size:
        return written - overlap * written / size or None
    return None
