"""Colours of a heat map: dark blue for the least, yellow for the most, even in lightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STOPS = np.array(
    [
        [38, 34, 98],
        [44, 74, 148],
        [40, 118, 158],
        [58, 158, 140],
        [128, 190, 96],
        [206, 208, 60],
        [255, 226, 36],
    ],
    dtype=np.float64,
)


def heat_colours(values: ArrayLike) -> NDArray[np.uint8]:
    """RGB of values from 0 to 1, with an axis of 3 at the end.

    Lightness grows evenly, so the order survives grey print and colour blindness.

    Example:
        >>> heat_colours([0.0, 1.0]).tolist()
        [[38, 34, 98], [255, 226, 36]]
    """
    place = np.clip(np.asarray(values, dtype=np.float64), 0, 1) * (len(_STOPS) - 1)
    below = np.minimum(place.astype(np.int64), len(_STOPS) - 2)
    share = (place - below)[..., None]
    return np.rint(_STOPS[below] * (1 - share) + _STOPS[below + 1] * share).astype(np.uint8)
