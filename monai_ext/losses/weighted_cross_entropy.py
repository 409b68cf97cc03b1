"""Cross-entropy whose class weights also count when a batch is one bag."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class WeightedCrossEntropy(nn.Module):
    r"""Class-weighted cross-entropy, divided by the number of bags.

    .. math:: L = \frac{1}{B} \sum_b w_{y_b} \, \mathrm{CE}(x_b, y_b)

    ``torch.nn.CrossEntropyLoss(weight=w)`` divides by :math:`\sum_b w_{y_b}`, which for a batch
    of one bag cancels the weight: the usual MIL training would be unweighted without a word.

    Args:
        weight: one factor a class (C,), or ``None`` for none.
        label_smoothing: share of the target spread evenly over the classes, 0 to 1.

    Shapes:
        logits (B, C), labels (B,) long.

    Example:
        >>> loss = WeightedCrossEntropy(weight=[1.0, 3.0])
        >>> logits, label = torch.zeros(1, 2), torch.tensor([1])
        >>> round(float(loss(logits, label)), 4)  # 3 ln 2
        2.0794
    """

    weight: Tensor | None

    def __init__(self, weight: list[float] | None = None, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing
        self.register_buffer("weight", None if weight is None else torch.tensor(weight))

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Loss of a batch, a scalar."""
        loss = F.cross_entropy(
            logits, label.long(), reduction="none", label_smoothing=self.label_smoothing
        )
        if self.weight is not None:
            loss = loss * self.weight[label.long()]
        return loss.mean()
