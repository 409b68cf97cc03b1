"""The scores of one image: a row of ``scores.csv``, and what its columns are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from monai_ext.errors import SettingError
from monai_ext.metrics import (
    ObjectOverlap,
    class_dice,
    class_iou,
    label_objects,
    object_counts,
    object_dice,
    object_f1,
    object_hausdorff,
    pixel_counts,
)

COUNTS = ("tp", "fp", "tn", "fn")


@dataclass(frozen=True)
class ScoredClasses:
    """What is scored.

    Attributes:
        names: of all classes, in the order of their ids; the first is the background.
        object_class: id of the class whose connected parts are objects; ``None``: no objects.
        min_object_px: smaller parts are no objects, on either side.
        ignore_index: truth value of pixels that take no part.
    """

    names: tuple[str, ...]
    object_class: int | None = 1
    min_object_px: int = 0
    ignore_index: int = 255

    def __post_init__(self) -> None:
        is_class = self.object_class is None or 0 <= self.object_class < len(self.names)
        if len(set(self.names)) < max(2, len(self.names)) or not all(self.names) or not is_class:
            raise SettingError(
                f"classes {list(self.names)} with object_class={self.object_class}",
                "there are two or more different names, and objects are of one of these classes",
                "name every class, the background first",
            )


def segmentation_row(
    predicted: torch.Tensor, truth: torch.Tensor, classes: ScoredClasses, mpp: float | None
) -> dict[str, Any]:
    """Scores of one image, in the order of the columns.

    ``dice_NAME`` and ``iou_NAME`` of each class; ``mdice`` and ``miou``, their means over the
    classes that are in truth or prediction; ``object_f1``, ``object_dice``,
    ``object_hausdorff_px`` and ``object_hausdorff_um``; then what pooled scores are made of:
    ``tp_NAME``, ``fp_NAME``, ``tn_NAME``, ``fn_NAME`` in pixels and ``object_tp``, ``object_fp``,
    ``object_fn``. nan or ``None`` is undefined.

    Args:
        predicted: class ids, [H, W].
        truth: class ids, [H, W].
        classes: what is scored.
        mpp: um a pixel, or ``None``.

    Raises:
        SettingError: as :func:`monai_ext.metrics.pixel_counts`.
    """
    names, row = classes.names, {}
    counts = pixel_counts(predicted, truth, len(names), ignore_index=classes.ignore_index)
    for key, scores in (("dice", class_dice(counts)), ("iou", class_iou(counts))):
        row |= {f"{key}_{name}": float(s) for name, s in zip(names, scores, strict=True)}
        row[f"m{key}"] = float(scores.nanmean())
    if classes.object_class is not None:
        row |= _object_scores(predicted, truth, classes, mpp)
    for name, numbers in zip(names, counts.long().tolist(), strict=True):
        row |= {f"{kind}_{name}": n for kind, n in zip(COUNTS, numbers, strict=True)}
    return row


def _object_scores(
    predicted: torch.Tensor, truth: torch.Tensor, classes: ScoredClasses, mpp: float | None
) -> dict[str, Any]:
    known = truth != classes.ignore_index
    masks = [np.asarray((each == classes.object_class) & known) for each in (predicted, truth)]
    found, real = (label_objects(mask, min_area_px=classes.min_object_px) for mask in masks)
    overlap = ObjectOverlap.of(found, real)
    tp, fp, fn = object_counts(overlap)
    distance_px = object_hausdorff(overlap)
    return {
        "object_f1": object_f1(tp, fp, fn),
        "object_dice": object_dice(overlap),
        "object_hausdorff_px": distance_px,
        "object_hausdorff_um": None if mpp is None else distance_px * mpp,
        "object_tp": tp,
        "object_fp": fp,
        "object_fn": fn,
    }
