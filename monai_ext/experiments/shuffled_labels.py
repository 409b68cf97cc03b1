"""What the same predictions score when labels say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_ext.experiments.metrics import CLASSIFICATION_METRICS, Array
from monai_ext.outputs import PredictionTable


@dataclass(frozen=True)
class Chance:
    """Scores with labels permuted over patients.

    Attributes:
        mean: over the permutations.
        sd: over the permutations.
        low: 2.5 % quantile.
        high: 97.5 % quantile.
        p: share of permutations, the true labels among them, that score as high as the true ones.
        permutations: how many were defined.
    """

    mean: float
    sd: float
    low: float
    high: float
    p: float
    permutations: int


def chance(
    tables: Sequence[PredictionTable], metrics: Sequence[str], *, permutations: int, seed: int
) -> dict[str, Chance]:
    """Permute labels over patients, the same way in all splits, and score again.

    A patient's slides get the labels of another patient's slides, in turn where numbers differ,
    so slides of a patient go on belonging together: shuffling single slides would make chance
    look narrower than it is.

    Args:
        tables: predictions of one method, a table a split.
        metrics: keys of ``CLASSIFICATION_METRICS``.
        permutations: how many.
        seed: of the permutations.

    Returns:
        By metric, of the mean over splits.
    """
    labels, places = _permuted(tables, permutations, seed)
    return {metric: _of_metric(tables, labels, places, metric) for metric in metrics}


def _permuted(
    tables: Sequence[PredictionTable], permutations: int, seed: int
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Labels [1 + R, S] of all slides, first the true ones, and each table's columns."""
    slides: dict[str, tuple[str, int]] = {}
    for table in tables:
        for row, label in zip(table.rows, table.labels(), strict=True):
            slides[row.slide] = (row.patient or row.slide, int(label))
    place = {slide: k for k, slide in enumerate(slides)}
    groups: dict[str, list[int]] = {}
    for slide, (patient, _) in slides.items():
        groups.setdefault(patient, []).append(place[slide])
    true = np.array([label for _, label in slides.values()], dtype=np.int64)
    of_patient = [np.array(group) for group in groups.values()]
    draw, found = np.random.default_rng(seed), np.tile(true, (1 + permutations, 1))
    for row in found[1:]:
        for own, giver in zip(of_patient, draw.permutation(len(of_patient)), strict=True):
            row[own] = np.resize(true[of_patient[giver]], len(own))
    return found, [np.array([place[row.slide] for row in table.rows]) for table in tables]


def _of_metric(
    tables: Sequence[PredictionTable],
    labels: NDArray[np.int64],
    places: Sequence[NDArray[np.int64]],
    metric: str,
) -> Chance:
    measure = CLASSIFICATION_METRICS[metric]
    scores: list[Array] = []
    for table, columns in zip(tables, places, strict=True):
        p, ones = table.probabilities(), np.ones((1, len(columns)))
        scores.append(np.array([measure(row[columns], p, ones)[0] for row in labels]))
    each = np.stack(scores)
    defined = ~np.isnan(each)
    count = defined.sum(axis=0)
    means = np.where(defined, each, 0).sum(axis=0)[count > 0] / count[count > 0]
    true, permuted = means[0], means[1:]
    low, high = np.quantile(permuted, [0.025, 0.975])
    p = (1 + int((permuted >= true - 1e-12).sum())) / (1 + len(permuted))
    return Chance(
        float(permuted.mean()), float(permuted.std()), float(low), float(high), p, len(permuted)
    )
