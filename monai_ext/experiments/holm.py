"""Holm's correction of several p-values."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    r"""Adjusted p-values: reject where at most alpha, and any error has probability alpha at most.

    .. math::
        \tilde p_{(k)} = \max_{i \le k} \min(1, (m - i + 1) \, p_{(i)})

    Args:
        p_values: of all m comparisons that are looked at together; within 0 to 1.

    Returns:
        In the order given.

    Reference:
        S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 1979.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    order = sorted(range(len(p_values)), key=lambda k: p_values[k])
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[k]))
        adjusted[k] = largest
    return adjusted
