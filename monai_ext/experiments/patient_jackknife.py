"""How far a mean over draws would move with other patients, training included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_ext.errors import SettingError
from monai_ext.experiments.metrics import Array

FEWEST_PATIENTS = 8
"""With fewer the jackknife has no error of its own to speak of."""
_FEWEST_DF = 3.0


@dataclass(frozen=True)
class JackknifeT:
    """Result of the patient jackknife.

    Attributes:
        mean: mean over the draws.
        low: lower end of the interval.
        high: upper end of the interval.
        t: mean over its error.
        p: two-sided p-value of "the mean is 0".
        df: degrees of freedom of t, from how unequal the patients' shares are.
        error: standard error of the mean.
        draws: number J of draws.
    """

    mean: float
    low: float
    high: float
    t: float
    p: float
    df: float
    error: float
    draws: int


def patient_jackknife(
    scores: ArrayLike, trained: ArrayLike, *, confidence: float = 0.95
) -> JackknifeT | None:
    r"""Interval of a mean over few-shot draws by leaving out one patient at a time.

    Draws share patients, in training and in test; their spread alone does not show what another
    cohort would have given. The mean over draws is an incomplete U-statistic of the patients.
    Without patient i it is the mean of the draws that were not trained on i, tested without i:

    .. math::
        \bar d_{(-i)} = \frac{\sum_j o_{ij} d_{j(-i)}}{\sum_j o_{ij}}, \quad
        V = \frac{s^2}{J} + \frac{N-1}{N} \sum_i \left[ (\bar d - \bar d_{(-i)})^2 - v_i \right]

    with :math:`o_{ij} = 1` where draw j was not trained on i, :math:`s^2 / J` the error from the
    number of draws, and :math:`v_i` what that number alone adds to the square (the variance of a
    ratio of means over draws). Where the sum is smaller than what test patients alone make up,
    :math:`(\bar d - \bar d_i)^2` with :math:`\bar d_i` the mean over all draws tested without i,
    the latter is taken. The degrees of freedom are Satterthwaite's, with the spread of the terms
    taken as their error.

    Shapes:
        J draws, N patients.

    Args:
        scores: [J, 1 + N]; column 0 the metric (or difference of two methods) of each draw,
            column 1 + i that without patient i; nan where it is undefined without i.
        trained: [J, N] bool, whether patient i was in the training or validation part of draw j.
        confidence: nominal coverage of the interval.

    Returns:
        The result, or None where it cannot be had: fewer than ``FEWEST_PATIENTS`` patients, or a
        patient whom less than two draws leave out of training.

    Raises:
        SettingError: for shapes that do not fit, fewer than two draws, nan in column 0.

    Reference:
        B. Efron, C. Stein, The jackknife estimate of variance, Annals of Statistics 1981; S. Wager,
        T. Hastie, B. Efron, Confidence intervals for random forests, JMLR 2014, section 3 (the
        correction for few draws). Differs: also the test part changes with the patient left out.
    """
    d, out = _checked(scores, trained, confidence)
    num_draws, num_patients = out.shape
    if num_patients < FEWEST_PATIENTS or out.sum(axis=0).min() < 2:
        return None
    mean = float(d[:, 0].mean())
    variance, df = _variance(d, out)
    if variance <= (1e-12 * max(1.0, abs(mean))) ** 2:
        t = 0.0 if mean == 0 else float(np.copysign(np.inf, mean))
        return JackknifeT(mean, mean, mean, t, float(mean == 0), df, 0.0, num_draws)
    from scipy.stats import t as student

    error = float(np.sqrt(variance))
    reach = float(student.ppf((1 + confidence) / 2, df)) * error
    p = float(2 * student.sf(abs(mean) / error, df))
    return JackknifeT(mean, mean - reach, mean + reach, mean / error, p, df, error, num_draws)


def share_interval(found: JackknifeT) -> tuple[float, float]:
    r"""The interval of a mean that lies within 0 to 1, on the logit scale.

    .. math::
        \mathrm{logit}(m) \pm \frac{q \, \mathrm{error}}{m (1 - m)}

    Near 1 it is longer downwards than upwards, as an AUC of 0.95 is uncertain, and it stays within
    0 to 1. A mean of exactly 0 or 1 has its plain interval, cut off there.
    """
    m, reach = found.mean, found.high - found.mean
    if not 0 < m < 1:
        return max(0.0, found.low), min(1.0, found.high)
    middle, reach = np.log(m / (1 - m)), reach / (m * (1 - m))
    low, high = 1 / (1 + np.exp(-(middle + np.array([-reach, reach]))))
    return float(low), float(high)


def _variance(d: Array, out: NDArray[np.bool_]) -> tuple[float, float]:
    """V and its degrees of freedom."""
    (num_draws, num_patients), whole = out.shape, d[:, :1]
    without = np.where(out, d[:, 1:], 0.0)
    share = out.mean(axis=0)
    moved = without.mean(axis=0) / share
    ratio_terms = (whole - whole.mean()) - out / share * (np.where(out, d[:, 1:], moved) - moved)
    noise = (ratio_terms**2).sum(axis=0) / (num_draws * (num_draws - 1))
    size = (num_patients - 1) / num_patients
    terms = size * ((whole.mean() - moved) ** 2 - noise)
    tested = size * np.where(np.isnan(d[:, 1:]), 0.0, whole - d[:, 1:]).mean(axis=0) ** 2
    few_draws = float(whole.var(ddof=1)) / num_draws
    chosen = max(terms, tested, key=np.sum)
    variance = few_draws + float(chosen.sum())
    own = 2 * few_draws**2 / (num_draws - 1) + num_patients * float(chosen.var(ddof=1))
    df = 2 * variance**2 / own if own > 0 else np.inf
    return variance, float(np.clip(df, _FEWEST_DF, num_patients - 2))


def _checked(
    scores: ArrayLike, trained: ArrayLike, confidence: float
) -> tuple[Array, NDArray[np.bool_]]:
    d, s = np.asarray(scores, dtype=np.float64), np.asarray(trained, dtype=bool)
    if d.ndim != 2 or len(d) < 2 or d.shape != (len(s), s.shape[-1] + 1) or not 0 < confidence < 1:
        raise SettingError(
            f"scores of shape {d.shape} with trained of shape {s.shape}, confidence={confidence}",
            "scores are [J, 1 + N] and trained [J, N], J at least 2, confidence within 0 to 1",
            "give a column for the whole and one a patient",
        )
    if not np.isfinite(d[:, 0]).all():
        raise SettingError(
            f"draws {np.flatnonzero(~np.isfinite(d[:, 0])).tolist()} have no finite score",
            "the metric is defined on every draw",
            "use larger test parts or leave out these draws and say so",
        )
    return d, ~s & np.isfinite(d[:, 1:])
