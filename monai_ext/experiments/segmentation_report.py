"""What a table of segmentation scores says: means, pooled scores, intervals over patients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.csv_table import read_table
from monai_ext.errors import CohortError, SettingError
from monai_ext.experiments.bootstrap import Interval, bootstrap_interval
from monai_ext.experiments.metrics import Array
from monai_ext.experiments.pooled_segmentation import Weighted, pooled_scores

_PER_IMAGE = ("dice_", "iou_", "mdice", "miou", "object_f1", "object_dice", "object_hausdorff")


@dataclass(frozen=True)
class SummaryLine:
    """One score of all images.

    Attributes:
        images: how many images have the score; the others are left out of the mean.
        value: the score, with its interval where two patients or more have it.
    """

    images: int
    value: Interval


@dataclass(frozen=True)
class SegmentationReport:
    """Scores of a set of images.

    Attributes:
        images: how many.
        patients: how many.
        means: mean over the images of each score of the table.
        pooled: scores of all pixels, or of all objects, as if they were one image.
    """

    images: int
    patients: int
    means: dict[str, SummaryLine]
    pooled: dict[str, SummaryLine]


def segmentation_report(
    path: Path | str, *, seed: int, resamples: int = 2000, confidence: float = 0.95
) -> SegmentationReport:
    """Means over images and pooled scores of ``scores.csv``, with percentile intervals.

    A resample draws as many patients as there are, with replacement, each with all its images;
    an image without patient is its own. Images that lack a score (an absent class, no finite
    distance) do not count in its mean, and their number is said. Only images move: the trained
    network stays as it is, so the interval says nothing of another training run.

    Args:
        path: a table that ``SegmentationScores`` wrote.
        seed: of the resamples.
        resamples: how many.
        confidence: nominal coverage.

    Raises:
        CohortError: if the table cannot be read or has no row.
    """
    rows = read_table(path, ["slide", "patient", "mdice", "miou"])
    if not rows:
        raise CohortError(f"{path} has no row", "a summary is of an image or more", "evaluate some")
    patients = [row["patient"] or row["slide"] for row in rows]
    numbers = {
        name: _column(rows, name, path) for name in rows[0] if name not in ("slide", "patient")
    }

    def line(scores: Array, weighted: Weighted) -> SummaryLine:
        has = np.isfinite(scores)
        value = _interval(weighted, patients, has, (seed, resamples, confidence))
        return SummaryLine(int(has.sum()), value)

    means = {
        name: line(scores, _mean_of(scores))
        for name, scores in numbers.items()
        if name.startswith(_PER_IMAGE) and not (name.endswith("_um") and np.isnan(scores).all())
    }
    every = np.zeros(len(rows))
    pooled = {name: line(every, weighted) for name, weighted in pooled_scores(numbers).items()}
    return SegmentationReport(len(rows), len(set(patients)), means, pooled)


def _mean_of(scores: Array) -> Weighted:
    """Mean of the finite scores under each weighting [R, N]; nan where none has weight."""
    has = np.isfinite(scores)

    def mean(weights: Array) -> Array:
        total = weights @ has
        sums = weights @ np.where(has, scores, 0.0)
        return np.divide(sums, total, out=np.full(len(weights), np.nan), where=total > 0)

    return mean


def _interval(
    weighted: Weighted, patients: list[str], has: NDArray[np.bool_], how: tuple[int, int, float]
) -> Interval:
    """Bootstrap over patients; with the score in one patient there is nothing to resample."""
    seed, resamples, confidence = how
    estimate = float(weighted(np.ones((1, len(patients))))[0])
    bare = Interval(estimate, math.nan, math.nan, confidence, 0, 0)
    if len({patients[n] for n in np.flatnonzero(has)}) < 2:
        return bare
    blank = np.full((len(patients), 2), 0.5)  # the measure has its own numbers
    try:
        return bootstrap_interval(
            np.zeros(len(patients), dtype=np.int64),
            blank,
            patients,
            metric=lambda _labels, _probabilities, weights: weighted(weights),
            seed=seed,
            resamples=resamples,
            confidence=confidence,
        )
    except SettingError:
        if resamples < 1 or not 0 < confidence < 1:
            raise
        return bare  # nearly all resamples lack the class


def _column(rows: list[dict[str, str]], name: str, path: Path | str) -> Array:
    try:
        return np.array([float(row[name] or "nan") for row in rows])
    except ValueError as error:
        raise CohortError(
            f"column {name} of {path}: {error}", "scores are numbers", "evaluate anew"
        ) from error
