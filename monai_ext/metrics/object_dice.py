"""How well each object is covered: the object-level Dice index of the GlaS challenge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monai_ext.metrics.object_overlap import ObjectOverlap


def object_dice(overlap: ObjectOverlap) -> float:
    r"""Area-weighted Dice of segmented objects and of true objects, averaged.

    .. math::
        \mathrm{Dice}_{obj} = \frac12 \Big[ \sum_{i=1}^{n_S} \gamma_i \, \mathrm{Dice}(G_i, S_i)
            + \sum_{j=1}^{n_G} \tilde\gamma_j \, \mathrm{Dice}(\tilde G_j, \tilde S_j) \Big],
        \quad \gamma_i = \frac{|S_i|}{\sum_k |S_k|}, \;
        \tilde\gamma_j = \frac{|\tilde G_j|}{\sum_k |\tilde G_k|}

    with :math:`\mathrm{Dice}(A, B) = 2 |A \cap B| / (|A| + |B|)`. :math:`G_i` is the true object
    that shares most pixels with segmented object :math:`S_i`, :math:`\tilde S_j` the segmented
    one that shares most with true object :math:`\tilde G_j` (the smallest id of equals); an
    object that shares none has Dice 0. So a gland cut in two, or two merged, lose.

    Returns:
        0 to 1; 1 if there is no object on either side, 0 if on one side only.

    Reference:
        As :func:`monai_ext.metrics.object_counts`; section "Object-level Dice".
    """
    if not len(overlap.predicted_px) and not len(overlap.truth_px):
        return 1.0
    if not len(overlap.predicted_px) or not len(overlap.truth_px):
        return 0.0
    dice = 2 * overlap.shared_px / (overlap.predicted_px[:, None] + overlap.truth_px)
    found = _weighted(dice, overlap.truth_of_predicted, overlap.predicted_px)
    return (found + _weighted(dice.T, overlap.predicted_of_truth, overlap.truth_px)) / 2


def _weighted(
    dice: NDArray[np.float64], partner: NDArray[np.int64], area: NDArray[np.int64]
) -> float:
    """Mean over rows, weighted by area; an object without partner has Dice 0 with any other."""
    return float(np.average(dice[np.arange(len(dice)), partner], weights=area))
