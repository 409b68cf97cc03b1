"""Metrics of validation images, from the logits of decollated batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from ignite.metrics import Average, Metric, MetricsLambda
from torch import Tensor

from monai_ext.metrics import class_dice, class_iou, pixel_counts


def dice_metric(num_classes: int) -> Metric:
    """Mean over images of the mean Dice over the classes that are there.

    Args:
        num_classes: C, background included.
    """
    return _mean_over_images(class_dice, num_classes)


def iou_metric(num_classes: int) -> Metric:
    """Mean over images of the mean intersection over union, as :func:`dice_metric`."""
    return _mean_over_images(class_iou, num_classes)


def _mean_over_images(score: Callable[[Tensor], Tensor], num_classes: int) -> Metric:
    def of_images(output: list[dict[str, Any]]) -> Tensor:
        return torch.stack([score(_counts(item, num_classes)).nanmean() for item in output])[
            :, None
        ]

    return MetricsLambda(float, Average(of_images))


def _counts(item: dict[str, Any], num_classes: int) -> Tensor:
    predicted = torch.as_tensor(item["pred"]).argmax(0)
    return pixel_counts(predicted, torch.as_tensor(item["label"])[0].long(), num_classes)
