"""Our feature files: TRIDENT's layout, contiguous, with our record as JSON beside TRIDENT's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.attributes import as_whole, plain_attributes
from monai_ext.data.slide_features import FeatureFacts, SlideFeatures, nominal_magnification
from monai_ext.errors import FeatureError
from monai_ext.hashing import json_hash

if TYPE_CHECKING:
    import h5py

FORMAT_VERSION = 1
RECORD = "monai_ext"
_RECORDED = [
    "slide",
    "slide_hash",
    "slide_mpp",
    "mpp",
    "step_px",
    "tile_px",
    "overlap_px",
    "grid_level",
    "encoder_id",
    "weight_hash",
    "transform_hash",
    "request",
    "request_hash",
]


def write_features(path: Path | str, item: SlideFeatures) -> Path:
    """Write one slide's features at one magnification, all or nothing.

    The data sets are contiguous and uncompressed, so that a reader maps them. TRIDENT's
    attributes are there for TRIDENT's own tools, ours are JSON in
    ``features.attrs["monai_ext"]``. Zero rows are valid: a slide without tissue.

    Args:
        path: where, see ``feature_path``; an older file there is replaced.
        item: needs ``coords``; ``request_hash`` is computed from ``request`` where it is None.

    Returns:
        The path.

    Raises:
        FeatureError: if a feature is NaN or infinite, or coordinates and features do not match.
    """
    import h5py

    path = Path(path)
    features, coords = _checked(item)
    with write_atomically(path) as partial, h5py.File(partial, "w") as file:
        stored = file.create_dataset("features", data=features)
        stored.attrs.update({"name": item.slide, "encoder": str(item.encoder_id)})
        stored.attrs["savetodir"] = "."
        stored.attrs[RECORD] = json.dumps(_record(item), sort_keys=True)
        file.create_dataset("coords", data=coords).attrs.update(trident_attributes(item))
    return path


def is_native(file: h5py.File) -> bool:
    """Whether this open file is one of ours."""
    return "features" in file and RECORD in file["features"].attrs


def native_facts(file: h5py.File, path: Path) -> FeatureFacts:
    """Read our record.

    Raises:
        FeatureError: if it is no JSON, or of a later version than this library knows.
    """
    record = _parsed(file["features"].attrs[RECORD], path)
    attrs = plain_attributes(file["coords"].attrs)
    width, height = as_whole(attrs.get("level0_width")), as_whole(attrs.get("level0_height"))
    known: dict[str, Any] = {name: record.get(name) for name in _RECORDED}
    return FeatureFacts(
        source="monai_ext",
        level0_size=None if width is None or height is None else (width, height),
        attrs=record.get("attrs", {}),
        **known,
    )


def _checked(item: SlideFeatures) -> tuple[np.ndarray, np.ndarray]:
    features = np.ascontiguousarray(item.features, dtype=np.float32)
    if item.coords is None or item.coords.shape != (features.shape[0], 2):
        found = None if item.coords is None else item.coords.shape
        raise FeatureError(
            f"slide {item.slide!r} has features {features.shape} and coords {found}",
            "a feature file holds one x, y a tile",
            "give coords of shape [N, 2]",
        )
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if bad.size:
        raise FeatureError(
            f"slide {item.slide!r}: {bad.size} of {len(features)} tiles have NaN or infinite "
            f"features, the first is tile {bad[0]}",
            "features are finite",
            "run the encoder in float32, or look at that tile",
        )
    return features, np.ascontiguousarray(item.coords, dtype=np.int64)


def _record(item: SlideFeatures) -> dict[str, Any]:
    record: dict[str, Any] = {name: getattr(item, name) for name in _RECORDED}
    record["request"] = None if item.request is None else dict(item.request)
    if item.request_hash is None and item.request is not None:
        record["request_hash"] = json_hash(record["request"])
    return record | {"version": FORMAT_VERSION, "attrs": dict(item.attrs)}


def trident_attributes(item: SlideFeatures) -> dict[str, Any]:
    """TRIDENT's names and types; a None is the text ``"None"`` there."""
    overlap = item.overlap_px or 0
    values = {
        "patch_size": item.tile_px,
        "patch_size_level0": _level0_tile(item.step_px, item.tile_px, overlap),
        "level0_magnification": _magnification(item.slide_mpp),
        "target_magnification": _magnification(item.mpp),
        "overlap": overlap,
        "name": item.slide,
        "savetodir": ".",
    }
    if item.level0_size is not None:
        values["level0_width"], values["level0_height"] = item.level0_size
    return {name: "None" if value is None else value for name, value in values.items()}


def _magnification(mpp: float | None) -> float | None:
    """Nominal, as an int where it is one: TRIDENT prints it."""
    if mpp is None:
        return None
    nominal = nominal_magnification(mpp)
    return int(nominal) if nominal.is_integer() else nominal


def _level0_tile(step_px: float | None, tile_px: int | None, overlap: int) -> int | None:
    if step_px is None or tile_px is None:
        return None
    return round(step_px * tile_px / (tile_px - overlap))


def _parsed(text: object, path: Path) -> Mapping[str, Any]:
    try:
        record = json.loads(str(text))
        version, _ = int(record["version"]), str(record["slide"])
    except (ValueError, TypeError, KeyError) as error:
        raise FeatureError(
            f"file {path} has no readable {RECORD!r} record ({error!r})",
            "our feature files carry their record as JSON",
            "delete it and extract this slide again",
        ) from error
    if version > FORMAT_VERSION:
        raise FeatureError(
            f"file {path} has format {version}",
            f"this library reads up to format {FORMAT_VERSION}",
            "update monai-ext",
        )
    return record
