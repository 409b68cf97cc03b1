"""Feature files of every layout, for the tests of this room and of the transforms."""

from pathlib import Path

import h5py
import numpy as np

from monai_ext.data import Cohort, CohortSlide, SlideFeatures, feature_path, write_features

STEP = 512
WIDTH = 6


def square(side: int = 4) -> np.ndarray:
    """Columns and rows of a square of tiles, in raster order."""
    rows, cols = np.divmod(np.arange(side * side), side)
    return np.stack([cols, rows], axis=1).astype(np.int64)


def item(slide: str = "a", *, level: int = 0, side: int = 4, seed: int = 0, **changed):
    """A square of tiles of a slide at a level; any field can be changed."""
    cells = np.unique(square(side)[:, ::-1] >> level, axis=0)[:, ::-1]  # raster order
    rng = np.random.default_rng([seed, level])
    fields = {
        "slide": slide,
        "features": rng.standard_normal((len(cells), WIDTH)).astype(np.float32),
        "coords": cells * (STEP << level),
        "step_px": STEP << level,
        "tile_px": 256,
        "overlap_px": 0,
        "mpp": 0.5 * 2**level,
        "slide_mpp": 0.25,
        "grid_level": level,
        "encoder_id": "tiny",
        "weight_hash": "w0",
        "transform_hash": "t0",
        "slide_hash": f"hash of {slide}",
        "level0_size": (STEP * side, STEP * side),
        "request": {"tile_px": 256, "mpps": [0.5, 1.0]},
    }
    return SlideFeatures(**{**fields, **changed})


def write_levels(root: Path, slide: str = "a", *, levels=(0, 1), **changed) -> list[Path]:
    """Write a slide's files at several levels into TRIDENT's folders, finest first."""
    items = [item(slide, level=level, **changed) for level in levels]
    return [
        write_features(feature_path(root, one.magnification, 256, "tiny", slide), one)
        for one in items
    ]


def write_trident(path: Path, features, coords, *, encoder="uni_v1", **attrs) -> Path:
    """As TRIDENT writes: chunks of a row, resizable, attributes on both data sets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    defaults = {
        "patch_size": 256,
        "patch_size_level0": 512,
        "level0_magnification": 40,
        "target_magnification": 20,
        "overlap": 0,
        "name": path.stem,
        "savetodir": "/home/someone/job",
        "level0_width": 4096,
        "level0_height": 4096,
    }
    with h5py.File(path, "w") as file:
        for name, array in (("features", features), ("coords", coords)):
            file.create_dataset(
                name,
                data=array,
                chunks=(1, *array.shape[1:]),
                maxshape=(None, *array.shape[1:]),
            )
        file["coords"].attrs.update({**defaults, **attrs})
        file["features"].attrs.update(
            {"name": path.stem, "savetodir": "/home/someone/job", "encoder": encoder}
        )
    return path


def write_stamp(path: Path, features, coords_um, **attrs) -> Path:
    """As STAMP writes: half precision ``feats``, coordinates in um, attributes on the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["coords"] = np.asarray(coords_um, dtype=np.float32)
        file["feats"] = np.asarray(features, dtype=np.float16)
        file.attrs.update(attrs)
    return path


def write_clam(path: Path, features, coords, **attrs) -> Path:
    """As CLAM writes: chunks of 32 rows, resizable, 32-bit coordinates, no attributes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, array in (("features", features), ("coords", coords.astype(np.int32))):
            file.create_dataset(
                name, data=array, chunks=(32, *array.shape[1:]), maxshape=(None, *array.shape[1:])
            )
        file["coords"].attrs.update(attrs)
    return path


def cohort_of(rows, class_names=("a", "b")) -> Cohort:
    """A cohort of (slide, patient, label) rows."""
    return Cohort(tuple(CohortSlide(*row) for row in rows), tuple(class_names))


def even_cohort(patients: int, slides_a_patient: int = 1) -> Cohort:
    """Patients that are in turn of class a and b."""
    return cohort_of(
        (f"s{p}_{k}", f"p{p}", "ab"[p % 2])
        for p in range(patients)
        for k in range(slides_a_patient)
    )
