"""Read a feature file of any known layout: ours, TRIDENT's, CLAM's, STAMP's."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.data.clam_file import clam_facts, read_pt
from monai_ext.data.feature_store import is_native, native_facts
from monai_ext.data.h5_array import find_dataset, open_h5, read_array
from monai_ext.data.slide_features import FeatureFacts, SlideFeatures
from monai_ext.data.stamp_file import is_stamp, stamp_coords_um, stamp_facts
from monai_ext.data.trident_file import is_trident, trident_facts
from monai_ext.errors import FeatureError

if TYPE_CHECKING:
    import h5py

FEATURE_KEYS = ("features", "feats")
FEATURE_SUFFIXES = (".h5", ".hdf5", ".pt")


def read_features(
    path: Path | str,
    *,
    mapped: bool = False,
    step_px: float | None = None,
    slide_mpp: float | None = None,
) -> SlideFeatures:
    """Read one slide's features at one magnification, from any known layout.

    Args:
        path: an ``.h5`` file, or CLAM's ``.pt``.
        mapped: leave the features on disk as a read-only map where the layout allows; nothing
            is checked for NaN then, the reader of the map does it.
        step_px: distance of neighbouring tiles in level-0 pixels, for files that do not say.
        slide_mpp: um a level-0 pixel: turns STAMP's coordinates into pixels.

    Returns:
        float32 features, int64 coordinates where there are any, and what the file says.

    Raises:
        FeatureError: naming the file, if it is missing, damaged, no feature file, holds NaN.
    """
    path = Path(path)
    if path.suffix == ".pt":
        features, coords, facts = _read_pt(path)
    else:
        with open_h5(path) as file:
            dataset, coord_set = _datasets(file, path)
            facts = _facts(file, path)
            features = read_array(dataset, path, mapped=mapped)
            coords = None if coord_set is None else read_array(coord_set, path)
    features = _matrix(features, path)
    if not isinstance(features, np.memmap):
        require_finite(features, path)
    facts = _with_given(facts, step_px, slide_mpp)
    coords = None if coords is None else _coords(coords, facts, len(features), path)
    return SlideFeatures(**_as_dict(facts), features=features, coords=coords)


def read_facts(path: Path | str) -> FeatureFacts:
    """What ``read_features`` gives, without reading the features (except of a ``.pt``).

    Raises:
        FeatureError: naming the file, if it is missing, damaged or no feature file.
    """
    path = Path(path)
    if path.suffix == ".pt":
        features, _, facts = _read_pt(path)
        shape = features.shape
    else:
        with open_h5(path) as file:
            dataset, facts = _datasets(file, path)[0], _facts(file, path)
            shape = dataset.shape if dataset.ndim > 1 else (0, 0)
    return replace(facts, shape=(int(shape[0]), int(shape[1])))


def require_finite(features: np.ndarray, path: Path, *, first_row: int = 0) -> None:
    """Refuse NaN and infinity in the rows of ``path`` from ``first_row`` on.

    Raises:
        FeatureError: naming the file and the first bad tile.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(features.sum()):  # one pass; an overflow of huge values is looked into
            return
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if bad.size:
        raise FeatureError(
            f"file {path} has NaN or infinite features, the first in tile {first_row + bad[0]}",
            "features are finite",
            "extract this slide again",
        )


def _read_pt(path: Path) -> tuple[np.ndarray, None, FeatureFacts]:
    if not path.is_file():
        raise FeatureError(f"file {path} does not exist", "a listed file exists", "extract it")
    return _matrix(read_pt(path), path), None, FeatureFacts(slide=path.stem, source="clam")


def _datasets(file: h5py.File, path: Path) -> tuple[h5py.Dataset, h5py.Dataset | None]:
    dataset = find_dataset(file, FEATURE_KEYS)
    if dataset is None:
        raise FeatureError(
            f"file {path} holds {sorted(file)}",
            f"a feature file has a data set {' or '.join(FEATURE_KEYS)}",
            "give a feature file; TRIDENT's are in features_<encoder>, not in patches",
        )
    if dataset.ndim != 2 and dataset.shape != (0,):
        raise FeatureError(
            f"{dataset.name} in {path} has shape {dataset.shape}",
            "features are a matrix, tiles by width",
            "give tile features, not those of a whole slide",
        )
    return dataset, find_dataset(file, ("coords",))


def _facts(file: h5py.File, path: Path) -> FeatureFacts:
    if is_native(file):
        return native_facts(file, path)
    if is_trident(file):
        return trident_facts(file, path)
    return stamp_facts(file, path) if is_stamp(file) else clam_facts(file, path)


def _matrix(features: np.ndarray, path: Path) -> np.ndarray:
    if features.shape == (0,):  # TRIDENT, no tissue and an encoder of unknown width
        features = features.reshape(0, 0)
    if features.ndim != 2 or not np.issubdtype(features.dtype, np.floating):
        raise FeatureError(
            f"features in {path} are {features.dtype} {features.shape}",
            "features are a matrix of floats, tiles by width",
            "give tile features",
        )
    return features if features.dtype == np.float32 else features.astype(np.float32)


def _with_given(
    facts: FeatureFacts, step_px: float | None, slide_mpp: float | None
) -> FeatureFacts:
    """Fill in what the user knows; what the file says stays."""
    slide_mpp = facts.slide_mpp or slide_mpp
    if facts.coords_unit == "um" and slide_mpp:
        step = None if facts.step_px is None else facts.step_px / slide_mpp
        facts = replace(facts, coords_unit="px", step_px=step, attrs={**facts.attrs, "was": "um"})
    return replace(facts, step_px=facts.step_px or step_px, slide_mpp=slide_mpp)


def _coords(coords: np.ndarray, facts: FeatureFacts, rows: int, path: Path) -> np.ndarray:
    if coords.shape != (rows, 2) or not np.issubdtype(coords.dtype, np.number):
        raise FeatureError(
            f"coords in {path} have shape {coords.shape}, the features {rows} rows",
            "coords hold one x, y a tile",
            "extract this slide again",
        )
    if not np.isfinite(coords).all():
        raise FeatureError(
            f"coords in {path} are not finite", "coordinates are numbers", "extract it again"
        )
    if facts.source == "stamp":
        coords = stamp_coords_um(coords, facts)
        coords = coords / facts.slide_mpp if facts.coords_unit == "px" else coords
    return np.round(coords).astype(np.int64)


def _as_dict(facts: FeatureFacts) -> dict:
    return {item.name: getattr(facts, item.name) for item in fields(FeatureFacts)}
