"""Intervals by resampling patients, for one method or for the difference of two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monai_ext.errors import SettingError
from monai_ext.experiments.metrics import (
    CLASSIFICATION_METRICS,
    Array,
    WeightedMetric,
    checked_cases,
)

_ROUND = 500  # resamples weighed at once: bounds memory at 500 x N numbers
_MAX_SHARE_REDRAWN = 0.9


@dataclass(frozen=True)
class Interval:
    """An estimate with its percentile interval.

    Attributes:
        estimate: the metric on the cases themselves; nan if undefined there.
        low: lower end.
        high: upper end.
        confidence: nominal coverage, e.g. 0.95.
        resamples: how many resamples the ends rest on; 0 if the estimate is undefined.
        redrawn: how many further resamples lacked a class, were undefined and drawn again.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    resamples: int
    redrawn: int

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_interval(
    labels: ArrayLike,
    probabilities: ArrayLike,
    patients: Sequence[str],
    *,
    metric: str | WeightedMetric = "auc",
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    """Percentile bootstrap interval of a metric, over patients.

    A resample draws as many patients as there are, with replacement, each with all its rows:
    slides of one patient are not independent, and resampling slides gives too short intervals.

    Args:
        labels: class index a row, [N].
        probabilities: [N, C].
        patients: patient of each row, [N]; with one row a patient this is the plain bootstrap.
        metric: a key of ``CLASSIFICATION_METRICS`` or a function of labels, probabilities and
            weights [R, N] that gives [R].
        seed: of the resamples.
        resamples: number of defined resamples; below 1,000 the ends of a 95 % interval are rough.
        confidence: nominal coverage, between 0 and 1.

    Returns:
        The interval. Resamples on which the metric is undefined are redrawn and counted, so it
        is conditional on all classes being present.

    Raises:
        SettingError: for shapes that do not fit, an unknown metric, or when nine in ten
            resamples are undefined.

    Reference:
        B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; clusters as
        in C. Field, A. Welsh, Bootstrapping clustered data, JRSS B 2007.

    Example:
        >>> y, p = [0, 0, 1, 1], [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]]
        >>> bootstrap_interval(y, p, ["a", "b", "c", "d"], seed=0).estimate
        0.75
    """
    y, p = checked_cases(labels, probabilities)
    measure = _metric(metric)
    return _interval(
        lambda weights: measure(y, p, weights), patients, len(y), seed, resamples, confidence
    )


def bootstrap_difference(
    labels: ArrayLike,
    probabilities: ArrayLike,
    other_probabilities: ArrayLike,
    patients: Sequence[str],
    *,
    metric: str | WeightedMetric = "auc",
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    """Interval of (metric of the first) - (metric of the other) on the same patients.

    Both methods are measured on each resample, so what makes a patient hard for both cancels.
    Arguments, Raises and resampling as ``bootstrap_interval``; both tables [N, C], same rows.
    """
    y, p = checked_cases(labels, probabilities)
    _, other = checked_cases(labels, other_probabilities)
    measure = _metric(metric)
    return _interval(
        lambda weights: measure(y, p, weights) - measure(y, other, weights),
        patients,
        len(y),
        seed,
        resamples,
        confidence,
    )


def _metric(metric: str | WeightedMetric) -> WeightedMetric:
    if callable(metric):
        return metric
    if metric not in CLASSIFICATION_METRICS:
        raise SettingError(
            f"metric={metric!r}",
            f"a metric is one of {', '.join(CLASSIFICATION_METRICS)}",
            "write one of these or give a function",
        )
    return CLASSIFICATION_METRICS[metric]


def _interval(
    measure: Callable[[Array], Array],
    patients: Sequence[str],
    n_rows: int,
    seed: int,
    resamples: int,
    confidence: float,
) -> Interval:
    _check(patients, n_rows, resamples, confidence)
    estimate = float(measure(np.ones((1, n_rows)))[0])
    if np.isnan(estimate):
        return Interval(np.nan, np.nan, np.nan, confidence, 0, 0)
    values, redrawn = _resampled(measure, patients, seed, resamples)
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high), confidence, resamples, redrawn)


def _resampled(
    measure: Callable[[Array], Array], patients: Sequence[str], seed: int, resamples: int
) -> tuple[Array, int]:
    names, group = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    draw, chances = np.random.default_rng(seed), np.full(len(names), 1 / len(names))
    kept, n_kept, n_drawn = [], 0, 0
    while n_kept < resamples:
        counts = draw.multinomial(len(names), chances, size=_ROUND).astype(np.float64)
        values = measure(counts[:, group])
        defined = np.flatnonzero(~np.isnan(values))[: resamples - n_kept]
        is_last = n_kept + len(defined) == resamples
        n_drawn += int(defined[-1]) + 1 if is_last else _ROUND
        n_kept += len(defined)
        kept.append(values[defined])
        if n_kept < (1 - _MAX_SHARE_REDRAWN) * n_drawn:
            raise SettingError(
                f"{n_drawn - n_kept} of {n_drawn} resamples of {len(names)} patients lack a class",
                f"an interval needs {1 - _MAX_SHARE_REDRAWN:.0%} of its resamples defined",
                "add patients of the rare class or report the estimate without an interval",
            )
    return np.concatenate(kept), n_drawn - n_kept


def _check(patients: Sequence[str], n_rows: int, resamples: int, confidence: float) -> None:
    if len(patients) != n_rows:
        raise SettingError(
            f"{len(patients)} patients for {n_rows} rows",
            "each row has one patient",
            "give the patient of every row, in the same order",
        )
    if resamples < 1 or not 0 < confidence < 1:
        raise SettingError(
            f"resamples={resamples}, confidence={confidence}",
            "resamples are at least 1 and confidence lies between 0 and 1",
            "try resamples=2000, confidence=0.95",
        )
