"""Scores of many segmentation runs: means, paired differences, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monai_ext.data.csv_table import read_table
from monai_ext.errors import CohortError
from monai_ext.experiments.bootstrap import Interval
from monai_ext.experiments.crossed_bootstrap import crossed_bootstrap
from monai_ext.experiments.metrics import Array

SCORES = "scores.csv"


@dataclass(frozen=True)
class SegmentationCell:
    """Runs of one method on one datalist.

    Attributes:
        scores: [S, N], mean Dice of each seed and image.
        patients: of each image.
        images: names.
        seeds: of the rows.
    """

    scores: Array
    patients: tuple[str, ...]
    images: tuple[str, ...]
    seeds: tuple[int, ...]

    def interval(self, *, seed: int = 0) -> Interval:
        """Mean with its interval, patients and seeds resampled."""
        return crossed_bootstrap(self.scores, self.patients, seed=seed)

    def minus(self, other: SegmentationCell, *, by: str = "patients", seed: int = 0) -> Interval:
        """Paired difference over the seeds that both have.

        Args:
            other: cell of the same images.
            by: ``patients`` or ``images``: what is resampled beside the seeds.
            seed: of the resamples.
        """
        if self.images != other.images:
            raise CohortError(
                "two cells were scored on different images",
                "a paired difference is of the same images",
                "evaluate both on the same datalist",
            )
        both = sorted(set(self.seeds) & set(other.seeds))
        if not both:
            raise CohortError(
                f"seeds {self.seeds} and {other.seeds}", "a pair has one seed", "run both alike"
            )
        mine, theirs = ([each.seeds.index(n) for n in both] for each in (self, other))
        groups = self.patients if by == "patients" else self.images
        gaps = self.scores[mine] - other.scores[theirs]
        return crossed_bootstrap(gaps, groups, seed=seed)


def read_cell(runs: Mapping[int, Path], column: str = "mdice") -> SegmentationCell | None:
    """Runs of one cell, those that are scored; None if none is.

    Args:
        runs: folder of each seed.
        column: of their ``scores.csv``.

    Raises:
        CohortError: if they were scored on different images.
    """
    seeds = tuple(sorted(seed for seed, run in runs.items() if (run / SCORES).is_file()))
    tables = [read_table(runs[n] / SCORES, ["slide", "patient", column]) for n in seeds]
    if not tables:
        return None
    images = tuple(row["slide"] for row in tables[0])
    if any(tuple(row["slide"] for row in table) != images for table in tables):
        raise CohortError(
            f"runs beside {runs[seeds[0]]} were scored on different images",
            "runs of one cell share their test images",
            "remove what is left of another datalist",
        )
    scores = np.array([[float(row[column]) for row in table] for table in tables])
    patients = tuple(row["patient"] for row in tables[0])
    return SegmentationCell(scores, patients, images, seeds)


def grid_table(cells: dict[tuple[str, str], SegmentationCell], reference: str) -> list[list[str]]:
    """Rows of a table: data, method, seeds, mean, difference to the reference by two resamplings.

    Args:
        cells: by name of the datalist and of the method.
        reference: method that the others are compared with.
    """
    rows = []
    for (data, method), cell in cells.items():
        base = cells.get((data, reference))
        row = [data, method, str(len(cell.scores)), str(cell.interval())]
        if base is None or method == reference:
            row += ["", ""]
        else:
            row += [signed(cell.minus(base, by=by)) for by in ("images", "patients")]
        rows.append(row)
    return rows


def signed(interval: Interval) -> str:
    """A difference with its sign."""
    return f"{interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
