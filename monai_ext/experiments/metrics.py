"""Classification metrics of a table of probabilities, for one or for many weightings at once.

A bootstrap resample is a whole-number weight a case, so the same few lines give the point
estimate (all weights 1) and 2,000 resamples in one matrix product. The tests hold them against
scikit-learn, case by case.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_ext.errors import SettingError

Array = NDArray[np.float64]
WeightedMetric = Callable[[NDArray[np.int64], Array, Array], Array]


def area_under_roc(labels: NDArray[np.int64], probabilities: Array, weights: Array) -> Array:
    r"""Area under the ROC curve: of class 1 against 0, or macro one-versus-rest beyond two.

    .. math::
        A = \frac{\sum_{i \in +, j \in -} w_i w_j ([s_i > s_j] + \tfrac12 [s_i = s_j])}
                 {\sum_{i \in +} w_i \sum_{j \in -} w_j}

    Shapes:
        N cases, C classes, R weightings.

    Args:
        labels: class index a case, [N].
        probabilities: [N, C].
        weights: [R, N], not negative.

    Returns:
        [R]; nan where a class has no weight, for then it is undefined, not 0.5.
    """
    if probabilities.shape[1] == 2:
        return _binary_auc(labels == 1, probabilities[:, 1], weights)
    each = [
        _binary_auc(labels == index, probabilities[:, index], weights)
        for index in range(probabilities.shape[1])
    ]
    return np.mean(each, axis=0)


def balanced_accuracy(labels: NDArray[np.int64], probabilities: Array, weights: Array) -> Array:
    """Mean over all classes of the recall; nan where a class has no case. Arguments as above."""
    hits, real, _ = _counts(labels, probabilities, weights)
    return _ratio(hits, real).mean(axis=1)


def f1(labels: NDArray[np.int64], probabilities: Array, weights: Array) -> Array:
    """F1 of class 1, or the mean over classes beyond two. Arguments as above.

    A class that neither occurs nor is predicted has no F1: nan for two classes, left out of the
    mean beyond (as ``sklearn.metrics.f1_score(zero_division=nan)``).
    """
    hits, real, predicted = _counts(labels, probabilities, weights)
    each = _ratio(2 * hits, real + predicted)
    if probabilities.shape[1] == 2:
        return each[:, 1]
    known = ~np.isnan(each)
    return _ratio(np.where(known, each, 0).sum(axis=1), known.sum(axis=1).astype(float))


def accuracy(labels: NDArray[np.int64], probabilities: Array, weights: Array) -> Array:
    """Share of cases whose most probable class (the first of equals) is theirs."""
    hits, real, _ = _counts(labels, probabilities, weights)
    return _ratio(hits.sum(axis=1), real.sum(axis=1))


CLASSIFICATION_METRICS: dict[str, WeightedMetric] = {
    "auc": area_under_roc,
    "balanced_accuracy": balanced_accuracy,
    "f1": f1,
    "accuracy": accuracy,
}


def classification_metrics(labels: ArrayLike, probabilities: ArrayLike) -> dict[str, float]:
    """All metrics of one table.

    Args:
        labels: class index a case, [N].
        probabilities: [N, C], C >= 2.

    Returns:
        ``auc``, ``balanced_accuracy``, ``f1``, ``accuracy``; nan where undefined.

    Raises:
        SettingError: for shapes, labels or probabilities that do not fit.

    Example:
        >>> classification_metrics([0, 0, 1], [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])["auc"]
        1.0
    """
    y, p = checked_cases(labels, probabilities)
    ones = np.ones((1, len(y)))
    return {name: float(metric(y, p, ones)[0]) for name, metric in CLASSIFICATION_METRICS.items()}


def checked_cases(labels: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.int64], Array]:
    """Labels [N] and probabilities [N, C] as arrays, or a SettingError that names the fault."""
    y, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 2 or y.shape != p.shape[:1] or len(y) == 0:
        raise SettingError(
            f"labels of shape {y.shape} with probabilities of shape {p.shape}",
            "labels are [N] and probabilities [N, C] with N >= 1 and C >= 2",
            "give one row of class probabilities a case",
        )
    if not np.isfinite(p).all():
        raise SettingError(
            f"{int((~np.isfinite(p)).any(axis=1).sum())} rows hold nan or infinity",
            "probabilities are finite",
            "find the slides whose prediction failed",
        )
    if not np.isin(y, np.arange(p.shape[1])).all():
        raise SettingError(
            f"labels {sorted(set(np.unique(y).tolist()) - set(range(p.shape[1])))}",
            f"labels are class indices 0 to {p.shape[1] - 1}",
            "leave out cases without a label",
        )
    return y.astype(np.int64), p


def _binary_auc(positive: NDArray[np.bool_], scores: Array, weights: Array) -> Array:
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    up = np.add.reduceat(weights[:, order] * positive[order], starts, axis=1)
    down = np.add.reduceat(weights[:, order] * ~positive[order], starts, axis=1)
    below = np.cumsum(down, axis=1) - down / 2
    return _ratio((up * below).sum(axis=1), up.sum(axis=1) * down.sum(axis=1))


def _counts(
    labels: NDArray[np.int64], probabilities: Array, weights: Array
) -> tuple[Array, Array, Array]:
    classes = np.arange(probabilities.shape[1])
    real = (labels[:, None] == classes).astype(np.float64)
    predicted = (probabilities.argmax(axis=1)[:, None] == classes).astype(np.float64)
    return weights @ (real * predicted), weights @ real, weights @ predicted


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full_like(above, np.nan, dtype=float), where=below > 0)
