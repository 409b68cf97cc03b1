"""Intervals of a mean over draws: draws and patients resampled together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_ext.errors import SettingError
from monai_ext.experiments.bootstrap import Interval
from monai_ext.experiments.metrics import Array, WeightedMetric
from monai_ext.experiments.patient_scores import Cases, weighted_scores

_MAX_SHARE_UNDEFINED = 0.9


def nested_bootstrap_interval(
    cases: Sequence[Cases],
    num_patients: int,
    *,
    metric: str | WeightedMetric = "auc",
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    r"""Percentile interval of the mean over draws of a metric.

    A resample draws J of the J draws and N of the N patients, both with replacement. One
    resample of the patients serves all draws, for they share their patients: resampling patients
    anew in each draw would average their share of the error away.

    .. math::
        \bar m^* = \frac{\sum_j c_j \, m_j(w)}{\sum_j c_j}, \quad
        c \sim \mathrm{Mult}(J), \; w \sim \mathrm{Mult}(N)

    A draw in which the resampled patients lack a class does not count in that resample. Trained
    models are not refitted: what training patients that draws share add to the error is not in
    it (``patient_jackknife`` has it).

    Args:
        cases: test cases of each draw.
        num_patients: N.
        metric: see ``weighted_scores``.
        seed: of the resamples.
        resamples: how many.
        confidence: nominal coverage.

    Returns:
        The interval; ``redrawn`` counts resamples that were undefined in every draw and left out.

    Raises:
        SettingError: if nine in ten resamples are undefined, or numbers are out of range.

    Reference:
        A. Owen, The pigeonhole bootstrap, Annals of Applied Statistics 2007.
    """
    if resamples < 1 or not 0 < confidence < 1 or not cases:
        raise SettingError(
            f"{len(cases)} draws, resamples={resamples}, confidence={confidence}",
            "there is a draw and a resample, and confidence lies between 0 and 1",
            "try resamples=2000, confidence=0.95",
        )
    estimate = float(weighted_scores(cases, np.ones((1, num_patients)), metric).mean())
    if np.isnan(estimate):
        return Interval(np.nan, np.nan, np.nan, confidence, 0, 0)
    values = _resampled(cases, num_patients, metric, np.random.default_rng(seed), resamples)
    if len(values) < (1 - _MAX_SHARE_UNDEFINED) * resamples:
        raise SettingError(
            f"{resamples - len(values)} of {resamples} resamples of {num_patients} patients lack "
            "a class in every draw",
            f"an interval needs {1 - _MAX_SHARE_UNDEFINED:.0%} of its resamples defined",
            "add patients of the rare class or report the mean without an interval",
        )
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    left_out = resamples - len(values)
    return Interval(estimate, float(low), float(high), confidence, len(values), left_out)


def _resampled(
    cases: Sequence[Cases],
    num_patients: int,
    metric: str | WeightedMetric,
    draw: np.random.Generator,
    resamples: int,
) -> Array:
    patients = draw.multinomial(num_patients, np.full(num_patients, 1 / num_patients), resamples)
    draws = draw.multinomial(len(cases), np.full(len(cases), 1 / len(cases)), resamples).T
    scores = weighted_scores(cases, patients.astype(np.float64), metric)
    counts = np.where(np.isnan(scores), 0, draws)
    total = counts.sum(axis=0)
    sums = np.where(counts > 0, scores * counts, 0.0).sum(axis=0)
    return sums[total > 0] / total[total > 0]
