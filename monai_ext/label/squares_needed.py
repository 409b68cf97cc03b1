"""How many squares a curve needs to reach a target, and whether that is half of another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monai_ext.errors import SettingError
from monai_ext.experiments.metrics import Array


@dataclass(frozen=True)
class SquaresNeeded:
    """Of one strategy.

    Attributes:
        first: first round whose mean is at the target or above; ``inf``: none is.
        between: where the line between rounds meets the target.
        low: 2.5 % of the resamples lie below; ``inf``: they do not reach the target.
        high: 97.5 % do.
        ratio: ``between`` over that of the reference; nan where one of them is ``inf``.
        at_most_half: share of the resamples in which it needs at most half of the reference's.
    """

    first: float
    between: float
    low: float
    high: float
    ratio: float
    at_most_half: float


def squares_needed(rounds: Sequence[int], means: Array, targets: Array) -> Array:
    r"""Where curves first meet their targets, linear in :math:`\log_2` of the squares.

    Args:
        rounds: K numbers of squares, ascending.
        means: [R, K].
        targets: [R].

    Returns:
        [R]; the first number where a curve begins at its target or above, ``inf`` where it never
        reaches it.

    Raises:
        SettingError: if shapes do not fit.

    Example:
        >>> squares_needed([4, 16], np.array([[0.5, 0.7]]), np.array([0.6])).tolist()
        [8.0]
    """
    means, targets = np.asarray(means, np.float64), np.asarray(targets, np.float64)
    if means.ndim != 2 or means.shape != (len(targets), len(rounds)):
        raise SettingError(
            f"means of shape {means.shape}, {len(targets)} targets, {len(rounds)} rounds",
            "a row has one target, a column one round",
            "give all rounds of each curve",
        )
    places = np.log2(np.asarray(rounds, np.float64))
    is_there = means >= targets[:, None]
    k = is_there.argmax(1)
    row, before = np.arange(len(means)), np.maximum(k - 1, 0)
    rise = means[row, k] - means[row, before]
    gap = targets - means[row, before]
    share = np.divide(gap, rise, out=np.ones_like(gap), where=(k > 0) & (rise > 0))
    found = 2 ** (places[before] + share * (places[k] - places[before]))
    return np.where(is_there.any(1), found, np.inf)


def compare_needed(
    rounds: Sequence[int], means: Array, targets: Array, reference: Array
) -> SquaresNeeded:
    """Squares that a strategy needs, beside those of a reference under the same resamples.

    A reference that does not reach the target needs more than the last round has: a strategy then
    counts as at most half only where it needs at most half of that.

    Args:
        rounds: K numbers of squares.
        means: [1 + R, K]; the first row is what was measured, the others are resamples.
        targets: [1 + R].
        reference: [1 + R, K].
    """
    mine, other = (squares_needed(rounds, each, targets) for each in (means, reference))
    reached = np.flatnonzero(np.asarray(means)[0] >= np.asarray(targets)[0])
    low, high = np.quantile(mine[1:], [0.025, 0.975], method="inverted_cdf")
    is_known = np.isfinite(mine[0]) and np.isfinite(other[0])
    return SquaresNeeded(
        first=float(rounds[reached[0]]) if len(reached) else np.inf,
        between=float(mine[0]),
        low=float(low),
        high=float(high),
        ratio=float(mine[0] / other[0]) if is_known else np.nan,
        at_most_half=float((mine[1:] <= np.minimum(other[1:], rounds[-1]) / 2).mean()),
    )
