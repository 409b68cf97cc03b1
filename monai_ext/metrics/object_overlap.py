"""Segmented and true objects of an image, and how many pixels they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.measure import label

from monai_ext.errors import SettingError

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ObjectOverlap:
    """Objects of a prediction and of the truth, and which belong together.

    S segmented and G true objects; an object is a set of pixels with one id, connected or not.

    Attributes:
        predicted: ids 1 to S, 0 elsewhere, [H, W].
        truth: ids 1 to G, 0 elsewhere, [H, W].
        shared_px: pixels that segmented object s + 1 and true object g + 1 share, [S, G].
        predicted_px: area of each segmented object, [S].
        truth_px: area of each true object, [G].
    """

    predicted: Labels
    truth: Labels
    shared_px: Labels
    predicted_px: Labels
    truth_px: Labels

    @classmethod
    def of(cls, predicted: ArrayLike, truth: ArrayLike) -> ObjectOverlap:
        """Count what the objects of two label maps share.

        Args:
            predicted: whole numbers, 0 is background, [H, W]; ids need not follow each other.
            truth: likewise.

        Raises:
            SettingError: if shapes differ, or an id is negative.
        """
        found, real = np.asarray(predicted), np.asarray(truth)
        _check(found, real)
        (found, n_found), (real, n_real) = _renumbered(found), _renumbered(real)
        both = np.bincount(
            (found * (n_real + 1) + real).ravel(), minlength=(n_found + 1) * (n_real + 1)
        )
        table = both.reshape(n_found + 1, n_real + 1)
        areas = table.sum(axis=1)[1:], table.sum(axis=0)[1:]
        return cls(found, real, table[1:, 1:], *areas)

    @property
    def truth_of_predicted(self) -> Labels:
        """Place of the true object that shares most pixels with each segmented one; -1: none.

        The smallest id of equals. [S].
        """
        return _partners(self.shared_px)

    @property
    def predicted_of_truth(self) -> Labels:
        """Place of the segmented object that shares most with each true one; -1: none. [G]."""
        return _partners(self.shared_px.T)


def label_objects(mask: ArrayLike, *, min_area_px: int = 0) -> Labels:
    """Number the connected parts of a mask, where no instance ids are given.

    Pixels that touch by a side or a corner belong together (8 neighbours), so touching glands
    are one object.

    Args:
        mask: true inside objects, [H, W].
        min_area_px: smaller parts are no objects.

    Returns:
        Ids 1 to n in raster order, 0 elsewhere, [H, W].
    """
    ids = np.asarray(label(np.asarray(mask, dtype=bool), connectivity=2), dtype=np.int64)
    is_small = np.bincount(ids.ravel()) < min_area_px
    return _renumbered(np.where(is_small[ids], 0, ids))[0]


def _renumbered(labels: NDArray[np.integer]) -> tuple[Labels, int]:
    """The same objects with ids 1 to n, and n."""
    ids, place = np.unique(np.append(0, labels), return_inverse=True)
    return place[1:].reshape(labels.shape).astype(np.int64), len(ids) - 1


def _partners(shared_px: Labels) -> Labels:
    if not shared_px.shape[1]:
        return np.full(len(shared_px), -1, dtype=np.int64)
    return np.where(shared_px.any(axis=1), shared_px.argmax(axis=1), -1)


def _check(found: NDArray[np.integer], real: NDArray[np.integer]) -> None:
    if found.shape != real.shape or found.ndim != 2:
        raise SettingError(
            f"label maps of shapes {found.shape} and {real.shape}",
            "prediction and truth are [H, W], pixel for pixel",
            "resize one of them",
        )
    lowest = min(int(found.min(initial=0)), int(real.min(initial=0)))
    if lowest < 0:
        raise SettingError(
            f"a label map holds {lowest}", "object ids are positive, 0 is background", "renumber it"
        )
