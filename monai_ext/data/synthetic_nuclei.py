"""Where the nuclei of an invented slide lie."""

from __future__ import annotations

import numpy as np


def scattered_places(
    rng: np.random.Generator, size: tuple[float, float], count: int, apart: float
) -> np.ndarray:
    """About ``count`` random places, none nearer to another than ``apart``.

    Places are thrown in rounds; of a pair that is too near the later one goes.

    Args:
        rng: source.
        size: width and height of the area.
        count: places wanted.
        apart: least distance.

    Returns:
        ``[K, 2]``, K at most ``count``; a few fewer where the area is crowded.
    """
    from scipy.spatial import KDTree

    places = np.empty((0, 2))
    for _ in range(12):
        missing = count - len(places)
        if missing <= 0:
            break
        new = rng.uniform(0, 1, (int(missing * 1.5) + 1, 2)) * size
        both = np.concatenate([places, new])
        pairs = KDTree(both).query_pairs(apart, output_type="ndarray")
        keep = np.ones(len(both), dtype=bool)
        keep[pairs.max(axis=1)] = False
        keep[: len(places)] = True
        places = both[keep][:count]
    return places
