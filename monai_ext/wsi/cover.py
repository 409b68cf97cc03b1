"""Whole pixels that cover an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

_WHOLE = 1e-6


@dataclass(frozen=True)
class Cover:
    """Pixels that cover an interval.

    Args:
        first: the first px.
        count: how many.
        start: where the interval starts, counted from ``first``.
        stop: where it ends.
    """

    first: int
    count: int
    start: float
    stop: float

    @property
    def is_whole(self) -> bool:
        """Whether the interval starts and ends at pixel edges."""
        return self.start < _WHOLE and self.count - self.stop < _WHOLE


def cover(start: float, stop: float) -> Cover:
    """The fewest whole pixels that hold ``[start, stop)``.

    Example:
        >>> cover(2.5, 4.0)
        Cover(first=2, count=2, start=0.5, stop=2.0)
    """
    first = math.floor(start + _WHOLE)
    count = max(1, math.ceil(stop - _WHOLE) - first)
    return Cover(first, count, max(0.0, start - first), min(float(count), stop - first))
