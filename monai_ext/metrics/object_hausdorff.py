"""How far outlines are off: the object-level Hausdorff distance of the GlaS challenge."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects

from monai_ext.metrics.object_overlap import ObjectOverlap


def object_hausdorff(overlap: ObjectOverlap) -> float:
    r"""Area-weighted Hausdorff distance of segmented and of true objects, averaged, in pixels.

    .. math::
        H_{obj} = \frac12 \Big[ \sum_{i=1}^{n_S} \gamma_i \, H(G_i, S_i)
            + \sum_{j=1}^{n_G} \tilde\gamma_j \, H(\tilde G_j, \tilde S_j) \Big]

    with weights and partners as in :func:`monai_ext.metrics.object_dice`, and

    .. math::
        H(A, B) = \max \big\{ \max_{x \in A} \min_{y \in B} \|x - y\|, \;
                              \max_{y \in B} \min_{x \in A} \|x - y\| \big\}

    over the centres of all pixels of the objects, as in the challenge's code, not of their
    outlines only (these differ where one object lies within the other). An object that shares no
    pixel with the other side takes the object there with the smallest :math:`H`.

    Distances come from Euclidean distance transforms in the rectangle around a pair, exact to
    rounding. The nearest object is searched in the order of a lower bound (the largest gap
    between sides of the surrounding rectangles), so few pairs are measured.

    Returns:
        Pixels; 0 if there is no object on either side, infinity if on one side only.

    Reference:
        As :func:`monai_ext.metrics.object_counts`; section "Object-level Hausdorff distance".
    """
    if not len(overlap.predicted_px) or not len(overlap.truth_px):
        return 0.0 if len(overlap.predicted_px) == len(overlap.truth_px) else math.inf
    pairs = _Pairs(overlap)
    found = [pairs.of_predicted(i, g) for i, g in enumerate(overlap.truth_of_predicted)]
    real = [pairs.of_truth(j, s) for j, s in enumerate(overlap.predicted_of_truth)]
    means = (
        np.average(found, weights=overlap.predicted_px),
        np.average(real, weights=overlap.truth_px),
    )
    return float(sum(means) / 2)


class _Pairs:
    """Distances of segmented and true objects, each measured once."""

    def __init__(self, overlap: ObjectOverlap) -> None:
        self.overlap = overlap
        self.boxes = _boxes(overlap.predicted), _boxes(overlap.truth)
        gaps = self.boxes[0][:, None] - self.boxes[1]
        self.at_least = np.abs(gaps).max(axis=2)
        self.known: dict[tuple[int, int], float] = {}

    def of_predicted(self, s: int, partner: int) -> float:
        if partner >= 0:
            return self.distance(s, partner)
        return self._nearest([(s, g) for g in range(self.at_least.shape[1])])

    def of_truth(self, g: int, partner: int) -> float:
        if partner >= 0:
            return self.distance(partner, g)
        return self._nearest([(s, g) for s in range(self.at_least.shape[0])])

    def distance(self, s: int, g: int) -> float:
        """Hausdorff distance of segmented object s and true object g."""
        if (s, g) not in self.known:
            pair = np.stack([self.boxes[0][s], self.boxes[1][g]])
            top, left = pair[:, :2].min(axis=0)
            bottom, right = pair[:, 2:].max(axis=0)
            window = np.s_[top:bottom, left:right]
            found, real = (
                self.overlap.predicted[window] == s + 1,
                self.overlap.truth[window] == g + 1,
            )
            self.known[s, g] = max(_farthest(found, real), _farthest(real, found))
        return self.known[s, g]

    def _nearest(self, pairs: list[tuple[int, int]]) -> float:
        best = math.inf
        for pair in sorted(pairs, key=lambda each: self.at_least[each]):
            if self.at_least[pair] >= best:
                break
            best = min(best, self.distance(*pair))
        return best


def _farthest(start: NDArray[np.bool_], goal: NDArray[np.bool_]) -> float:
    """The longest way from a pixel of ``start`` to the nearest of ``goal``."""
    distance = np.asarray(distance_transform_edt(~goal))
    return float(distance[start].max())


def _boxes(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Top, left, and past them bottom and right of each object, [n, 4]."""
    slices = find_objects(labels)
    return np.array([[y.start, x.start, y.stop, x.stop] for y, x in slices])
