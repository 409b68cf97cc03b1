"""A metric of every split under any weighting of the patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_ext.experiments.metrics import (
    CLASSIFICATION_METRICS,
    Array,
    WeightedMetric,
    checked_cases,
)
from monai_ext.outputs import PredictionTable

_ROUND = 500  # weightings at once: bounds memory at 500 x rows numbers


@dataclass(frozen=True)
class Cases:
    """The test cases of one split.

    Attributes:
        labels: class index a slide, [T].
        probabilities: [T, C].
        patient: place of each slide's patient in the list of all patients, [T].
    """

    labels: NDArray[np.int64]
    probabilities: Array
    patient: NDArray[np.int64]


def cases_of(table: PredictionTable, patients: Sequence[str]) -> Cases:
    """The labelled rows of a table as arrays.

    Args:
        table: predictions of one split.
        patients: all patients; a row without one is its own patient, under its slide's name.

    Raises:
        SettingError: if probabilities are not finite.
    """
    known = table.labelled()
    labels, probabilities = checked_cases(known.labels(), known.probabilities())
    place = {name: i for i, name in enumerate(patients)}
    return Cases(
        labels, probabilities, np.array([place[row.patient or row.slide] for row in known.rows])
    )


def weighted_scores(cases: Sequence[Cases], weights: Array, metric: str | WeightedMetric) -> Array:
    """The metric of each split where patient n counts ``weights[r, n]`` times.

    Args:
        cases: of J splits.
        weights: [R, N], not negative.
        metric: a key of ``CLASSIFICATION_METRICS``, or such a function.

    Returns:
        [J, R]; nan where undefined, e.g. where a class has no weight.
    """
    measure = metric if callable(metric) else CLASSIFICATION_METRICS[metric]
    rounds = [weights[k : k + _ROUND] for k in range(0, len(weights), _ROUND)]
    return np.stack(
        [
            np.concatenate([measure(c.labels, c.probabilities, w[:, c.patient]) for w in rounds])
            for c in cases
        ]
    )


def leave_one_out_weights(num_patients: int) -> Array:
    """First row: everyone once; row 1 + n: all but patient n. [1 + N, N]."""
    return np.concatenate([np.ones((1, num_patients)), 1.0 - np.eye(num_patients)])
