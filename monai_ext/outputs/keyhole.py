"""A polygon with holes as one ring, for formats that have one ring a polygon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def keyhole(rings: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Join every hole to the outline by a slit of no width, so that an object stays one.

    From a hole's leftmost point the slit goes left to the first line that it meets. Holes are taken
    from left to right, so what lies there is joined already. As holes turn the other way than the
    outline, area and winding number are the polygon's; viewers that mend rings which touch
    themselves (QuPath does) get the polygon with its holes back.

    Args:
        rings: float ``[n, 2]`` x, y, the outer one first, holes turning against it; not closed.

    Returns:
        float64 ``[m, 2]``, not closed; the outer ring itself where there is no hole.
    """
    ring = np.asarray(rings[0], np.float64)
    for hole in sorted(rings[1:], key=lambda each: each[:, 0].min()):
        turned = np.roll(hole, -int(hole[:, 0].argmin()), axis=0)
        edge, place = _first_to_the_left(ring, turned[0])
        slit = np.concatenate([[place], turned, turned[:1], [place]])
        ring = np.concatenate([ring[: edge + 1], slit, ring[edge + 1 :]])
    return ring


def _first_to_the_left(
    ring: NDArray[np.float64], point: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]]:
    """The edge (by its first point) that a line to the left meets first, and where."""
    ends = np.roll(ring, -1, axis=0)
    (x0, y0), (x1, y1), (x, y) = ring.T, ends.T, point
    crosses = np.flatnonzero((y0 <= y) != (y1 <= y))
    share = (y - y0[crosses]) / (y1 - y0)[crosses]
    meets = x0[crosses] + share * (x1 - x0)[crosses]
    gap = np.where(meets <= x + 1e-9, x - meets, np.inf)
    nearest = int(gap.argmin())
    return int(crosses[nearest]), np.array([meets[nearest], y])
