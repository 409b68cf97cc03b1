r"""Dice and IoU of each class, of one image or pooled over many.

Both come from the pixels of a class that are hit (TP), falsely found (FP) and missed (FN), so
counts are kept and added, never scores:

.. math::
    \mathrm{Dice}_c = \frac{2 TP_c}{2 TP_c + FP_c + FN_c}, \qquad
    \mathrm{IoU}_c = \frac{TP_c}{TP_c + FP_c + FN_c}

A class that is neither in truth nor in prediction has no score (nan) and does not count in the
image's mean over classes; one that is only predicted, or only missed, scores 0. MONAI's
``compute_dice`` leaves a class out already when truth lacks it (``ignore_empty=True``), which
forgives false finds, or else scores its absence 1, which rewards rare classes; so its confusion
matrix is used here, not its Dice.

Mean over images: ``class_dice`` of each image, mean over the classes that are there (mDice of
the image), mean over images. Pooled: ``class_dice`` of the sum of counts; large images weigh
more, and the mean over classes is taken once. Papers mean either; name which.
"""

from __future__ import annotations

import torch
from monai.metrics.confusion_matrix import compute_confusion_matrix_metric, get_confusion_matrix

from monai_ext.errors import SettingError


def pixel_counts(
    predicted: torch.Tensor, truth: torch.Tensor, num_classes: int, *, ignore_index: int = 255
) -> torch.Tensor:
    """Pixels of each class that are hit, falsely found, rightly left and missed.

    Args:
        predicted: class ids, 0 to ``num_classes`` - 1, of any shape.
        truth: class ids of the same shape; ``ignore_index`` where unknown.
        num_classes: C, background included.
        ignore_index: truth value of pixels that take no part, whatever was predicted there.

    Returns:
        TP, FP, TN and FN, [C, 4] float64: whole numbers up to 2^24 pixels an
        image, to be added over images.

    Raises:
        SettingError: if shapes differ, or a value is no class.
    """
    _check(predicted, truth, num_classes, ignore_index)
    known = truth != ignore_index
    classes = torch.arange(num_classes, device=truth.device)[:, None]
    found, real = ((each[known] == classes).to(torch.uint8)[None] for each in (predicted, truth))
    return get_confusion_matrix(found, real)[0].double()


def class_dice(counts: torch.Tensor) -> torch.Tensor:
    """Dice of each class, 0 to 1, from counts [..., C, 4]; nan where it is nowhere. [..., C]."""
    return compute_confusion_matrix_metric("f1 score", counts)


def class_iou(counts: torch.Tensor) -> torch.Tensor:
    """Intersection over union of each class, 0 to 1, as :func:`class_dice`."""
    return compute_confusion_matrix_metric("threat score", counts)


def _check(
    predicted: torch.Tensor, truth: torch.Tensor, num_classes: int, ignore_index: int
) -> None:
    if predicted.shape != truth.shape:
        raise SettingError(
            f"a prediction of shape {tuple(predicted.shape)} for truth of {tuple(truth.shape)}",
            "each pixel has one predicted and one true class",
            "resize one of them",
        )
    found = set(predicted.unique().tolist())
    strange = sorted(
        (found | (set(truth.unique().tolist()) - {ignore_index})) - {*range(num_classes)}
    )
    if strange:
        raise SettingError(
            f"a class map holds {', '.join(f'{value:g}' for value in strange)}",
            f"classes are 0 to {num_classes - 1}, and {ignore_index} in truth where unknown",
            "map the mask's values to class ids",
        )
