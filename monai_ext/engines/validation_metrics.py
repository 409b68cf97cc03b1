"""Metrics of the validation part, from the logits of decollated bags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from ignite.metrics import EpochMetric, Loss, Metric
from torch import Tensor


def logits_and_labels(output: list[dict[str, Any]]) -> tuple[Tensor, Tensor]:
    """Stack a decollated batch: logits [B, C] float32 and labels [B]."""
    logits = torch.stack([torch.as_tensor(item["pred"]).float() for item in output])
    labels = torch.stack([torch.as_tensor(item["label"]).long().reshape(()) for item in output])
    return logits, labels


def loss_metric(loss_function: Callable[[Tensor, Tensor], Tensor]) -> Metric:
    """Mean loss over bags, for choosing the checkpoint.

    Args:
        loss_function: of logits [B, C] and labels [B], a mean over the batch.
    """
    return Loss(loss_function, output_transform=logits_and_labels)


def auc_metric() -> Metric:
    """Area under the ROC curve over all bags; macro one-versus-rest beyond two classes."""
    return EpochMetric(auc_of_logits, output_transform=logits_and_labels, check_compute_fn=False)


def auc_of_logits(logits: Tensor, labels: Tensor) -> float:
    """AUC of softmax probabilities; ``nan`` where a class has no bag, for it is undefined then.

    Args:
        logits: (N, C).
        labels: (N,) class indices.

    Example:
        >>> auc_of_logits(torch.tensor([[0.0, 1.0], [0.0, -1.0]]), torch.tensor([1, 0]))
        1.0
    """
    from sklearn.metrics import roc_auc_score

    n_classes = logits.shape[1]
    if labels.unique().numel() < n_classes or not bool(torch.isfinite(logits).all()):
        return float("nan")
    probabilities = logits.double().softmax(1).cpu().numpy()
    if n_classes == 2:
        return float(roc_auc_score(labels.cpu().numpy(), probabilities[:, 1]))
    return float(roc_auc_score(labels.cpu().numpy(), probabilities, multi_class="ovr"))
