"""A smooth hinge between the score of the label and the best other score."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SmoothSVM(nn.Module):
    r"""Smooth top-1 SVM loss, one value a row.

    .. math:: L = \tau \log \sum_j \exp\big((s_j + \alpha [j \ne y]) / \tau\big) - s_y

    With :math:`\alpha = 0` and :math:`\tau = 1` it is the cross-entropy; as :math:`\tau` goes to 0
    it becomes the multi-class hinge loss.

    Shapes: R rows, C classes.

    Args:
        margin: :math:`\alpha`, at least 0.
        temperature: :math:`\tau` > 0.

    Raises:
        ValueError: if either is out of range.

    Reference:
        L. Berrada, A. Zisserman, M. P. Kumar, Smooth loss functions for deep top-k
        classification, ICLR 2018, https://arxiv.org/abs/1802.07595, with k = 1.

    Example:
        >>> loss = SmoothSVM()(torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
        >>> round(float(loss), 4)  # log(1 + e)
        1.3133
    """

    def __init__(self, margin: float = 1.0, temperature: float = 1.0) -> None:
        super().__init__()
        if margin < 0 or temperature <= 0:
            raise ValueError(
                f"margin={margin}, temperature={temperature}: at least 0, and positive; try 1.0"
            )
        self.margin, self.temperature = margin, temperature

    def forward(self, scores: Tensor, label: Tensor) -> Tensor:
        """Loss ``[R]`` of scores ``[R, C]`` and labels ``[R]`` long."""
        other = 1 - F.one_hot(label, scores.shape[1]).to(scores.dtype)
        reach = (scores + self.margin * other) / self.temperature
        own = scores.gather(1, label.unsqueeze(1)).squeeze(1)
        return self.temperature * torch.logsumexp(reach, 1) - own
