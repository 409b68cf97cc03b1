"""Compare two methods over repeated random splits, whose training sets overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monai_ext.errors import SettingError

FEWEST_DRAWS = 5
"""With fewer the interval of a mean difference is wider than what it may be."""


@dataclass(frozen=True)
class CorrectedT:
    """Result of the corrected resampled t-test.

    Attributes:
        mean: mean difference over the draws.
        low: lower end of the interval.
        high: upper end of the interval.
        t: test statistic, J - 1 degrees of freedom.
        p: two-sided p-value of "no difference".
        draws: number J of draws.
    """

    mean: float
    low: float
    high: float
    t: float
    p: float
    draws: int

    def line(self) -> str:
        """Mean, interval and p-value; below ``FEWEST_DRAWS`` the mean alone, and why.

        Example:
            >>> corrected_resampled_t([0.1, 0.2], n_train=90, n_test=10).line()
            '+0.150 (2 splits: too few for an interval)'
        """
        if self.draws < FEWEST_DRAWS:
            return f"{self.mean:+.3f} ({self.draws} splits: too few for an interval)"
        interval = f"[{self.low:+.3f}, {self.high:+.3f}]"
        return f"{self.mean:+.3f} {interval}, corrected resampled t, p = {self.p:.3f}"


def corrected_resampled_t(
    differences: ArrayLike, n_train: float, n_test: float, *, confidence: float = 0.95
) -> CorrectedT:
    r"""Nadeau and Bengio's corrected resampled t-test of paired differences.

    The plain t-test takes the J draws as independent. They share training cases, so its
    variance is too small and equal methods look different far too often. The correction:

    .. math::
        t = \frac{\bar d}{\sqrt{(1/J + n_{test}/n_{train})\, s^2}},
        \quad s^2 = \frac{1}{J-1} \sum_j (d_j - \bar d)^2 .

    Args:
        differences: metric of one method minus the other on each draw, [J], J >= 2.
        n_train: training cases (patients) of a draw; the mean if it varies.
        n_test: test cases of a draw; the mean if it varies.
        confidence: nominal coverage of the interval.

    Returns:
        Mean, interval, t and p. With all differences equal the interval is that point, t is
        infinite and p 0 (mean 0: t 0 and p 1): the formula's limit, not strong evidence.

    Raises:
        SettingError: for fewer than two draws, nan differences or counts below 1.

    Reference:
        C. Nadeau, Y. Bengio, Inference for the Generalization Error, Machine Learning 2003,
        https://doi.org/10.1023/A:1024068626366.

    Example:
        >>> round(corrected_resampled_t([0.1, 0.2, 0.3], n_train=90, n_test=10).t, 4)
        3.0
    """
    d = np.asarray(differences, dtype=np.float64)
    _check(d, n_train, n_test, confidence)
    from scipy.stats import t as student

    mean, spread = float(d.mean()), float(d.std(ddof=1))
    error = np.sqrt(1 / len(d) + n_test / n_train) * spread
    if spread <= 1e-12 * max(1.0, abs(mean)):
        t = 0.0 if mean == 0 else float(np.copysign(np.inf, mean))
        return CorrectedT(mean, mean, mean, t, float(mean == 0), len(d))
    reach = float(student.ppf((1 + confidence) / 2, len(d) - 1) * error)
    p = float(2 * student.sf(abs(mean / error), len(d) - 1))
    return CorrectedT(mean, mean - reach, mean + reach, float(mean / error), p, len(d))


def _check(d: np.ndarray, n_train: float, n_test: float, confidence: float) -> None:
    if d.ndim != 1 or len(d) < 2:
        raise SettingError(
            f"differences of shape {d.shape}",
            "the test needs one difference a draw and at least 2 draws",
            "run more draws",
        )
    if not np.isfinite(d).all():
        raise SettingError(
            f"draws {np.flatnonzero(~np.isfinite(d)).tolist()} have no finite difference",
            "both methods have a defined metric on every draw",
            "use larger test parts or leave out these draws and say so",
        )
    if min(n_train, n_test) < 1 or not 0 < confidence < 1:
        raise SettingError(
            f"n_train={n_train}, n_test={n_test}, confidence={confidence}",
            "counts are at least 1 and confidence lies between 0 and 1",
            "give the cases (patients) of one draw",
        )
