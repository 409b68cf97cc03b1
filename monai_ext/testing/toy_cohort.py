"""A small cohort on disk: feature files at three magnifications, a table, splits."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from monai_ext.data import SlideFeatures, feature_path, find_features, write_features, write_splits

_WIDTHS = (6, 5, 4)
_STEP_PX, _TILE_PX = 256, 256


def write_toy_features(root: Path, slide: str, *, signal: float, seed: int, side: int = 8) -> None:
    """Write one slide of ``side`` x ``side`` finest tiles; a quarter of them carries ``signal``.

    Args:
        root: feature folder.
        slide: its name.
        signal: added to the first feature of the tiles in the upper left quarter, at each level.
        seed: of the noise.
        side: finest tiles along an edge, a multiple of 4; of 8 where each level is to have a
            quarter.
    """
    rng = np.random.default_rng(seed)
    for level, width in enumerate(_WIDTHS):
        count, step = side >> level, _STEP_PX << level
        row, col = (axis.ravel() for axis in np.mgrid[0:count, 0:count])
        features = rng.normal(size=(count * count, width)).astype(np.float32)
        features[(row < count // 2) & (col < count // 2), 0] += signal
        path = feature_path(root, 20 / 2**level, _TILE_PX, "toy", slide)
        item = SlideFeatures(
            slide=slide,
            features=features,
            coords=np.stack([col, row], 1).astype(np.int64) * step,
            step_px=float(step),
            tile_px=_TILE_PX,
            overlap_px=0,
            mpp=0.5 * 2**level,
            slide_mpp=0.5,
            grid_level=level,
            encoder_id="toy",
            weight_hash="toyweights",
            slide_hash=f"hash-{slide}",
            level0_size=(side * _STEP_PX, side * _STEP_PX),
        )
        write_features(path, item)


def write_toy_cohort(
    folder: Path, *, patients: int = 12, signal: float = 3.0, seed: int = 0, folds: int = 3
) -> list[Path]:
    """Write features, ``cohort.csv`` and folds; patients alternate between two classes.

    Args:
        folder: gets ``features/``, ``cohort.csv`` and ``splits/``.
        patients: how many; every third has two slides.
        signal: of the positive class.
        seed: of noise and folds.
        folds: of the splits.

    Returns:
        The datalists.
    """
    rows = []
    for patient in range(patients):
        for part in range(1 + (patient % 3 == 0)):
            slide, label = f"slide{patient}{'ab'[part]}", ("negative", "positive")[patient % 2]
            strength = signal if patient % 2 else 0.0
            number = seed * 1000 + patient * 2 + part
            write_toy_features(folder / "features", slide, signal=strength, seed=number)
            rows.append([slide, f"patient{patient}", label])
    with (folder / "cohort.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["slide", "patient", "label"], *rows])
    found = find_features(folder / "features")
    return write_splits(folder / "splits", folder / "cohort.csv", found, folds=folds, seed=seed)
