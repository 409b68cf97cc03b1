"""Intervals of a mean over seeds and images: both resampled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_ext.errors import SettingError
from monai_ext.experiments.bootstrap import Interval
from monai_ext.experiments.metrics import Array


def crossed_bootstrap(
    scores: Array,
    groups: Sequence[str],
    *,
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    r"""Percentile interval of the mean of a table with a row a seed and a column an image.

    Of differences of two methods with the same seeds and images, the interval is paired.

    Args:
        scores: [S, N].
        groups: group of each image, its patient or, if images count as independent, its name.
        seed: of the resamples.
        resamples: how many.
        confidence: nominal coverage.

    Raises:
        SettingError: if shapes do not fit or a score is missing.

    Reference:
        A. Owen, The pigeonhole bootstrap, Annals of Applied Statistics 2007.
    """
    values = crossed_means(scores, groups, seed=seed, resamples=resamples)
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    mean = float(np.asarray(scores, np.float64).mean())
    return Interval(mean, float(low), float(high), confidence, resamples, 0)


def crossed_means(
    scores: Array, groups: Sequence[str], *, seed: int, resamples: int = 2000
) -> Array:
    r"""The mean under each resample.

    A resample draws S of the S seeds and G of the G groups of images, both with replacement, and
    weighs each score by how often both its row and its group were drawn:

    .. math:: \bar x^* = \frac{\sum_{si} a_s b_{g(i)} x_{si}}{\sum_{si} a_s b_{g(i)}}

    Tables with the same number of seeds and the same groups get the same draws, so that what is
    computed of several tables is paired.

    Args:
        scores: [S, N].
        groups: of each image.
        seed: of the resamples.
        resamples: R of them.

    Returns:
        [R].

    Raises:
        SettingError: if shapes do not fit or a score is missing.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(groups) or not np.isfinite(table).all():
        raise SettingError(
            f"scores of shape {table.shape} for {len(groups)} images",
            "scores are finite, a row a seed, a column an image",
            "score every run on the same images",
        )
    names = sorted(set(groups))
    member = np.array([[name == group for group in groups] for name in names], np.float64)
    draw = np.random.default_rng(seed)
    rows, count = len(table), len(names)
    a = draw.multinomial(rows, np.full(rows, 1 / rows), resamples)
    b = draw.multinomial(count, np.full(count, 1 / count), resamples) @ member
    sums = np.einsum("rs,sn,rn->r", a, table, b, optimize=True)
    return sums / (rows * b.sum(axis=1))
