"""A loss that also asks every branch of a network for the label."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


class BranchLoss(nn.Module):
    r"""Loss of the final logits plus the mean loss of the branches.

    .. math:: L = \ell(y, c) + \lambda \, \frac{1}{T} \sum_t \ell(y_t, c)

    With :math:`\lambda = 0`, or where only logits are given (validation), it is the plain loss.

    Args:
        loss: :math:`\ell`, of logits (B, C) and labels (B,).
        weight: :math:`\lambda`, at least 0.

    Shapes:
        B batch, T branches, C classes.

    Raises:
        ValueError: if ``weight`` is negative.

    Example:
        >>> import torch
        >>> prediction = {"logits": torch.zeros(1, 2), "branch_logits": torch.zeros(1, 3, 2)}
        >>> loss = BranchLoss(nn.CrossEntropyLoss(), weight=1.0)
        >>> round(float(loss(prediction, torch.tensor([1]))), 4)  # 2 ln 2
        1.3863
    """

    def __init__(self, loss: nn.Module, weight: float) -> None:
        super().__init__()
        if weight < 0:
            raise ValueError(f"weight={weight} must be at least 0: it is added to the loss")
        self.loss, self.weight = loss, weight

    def forward(self, prediction: Tensor | Mapping[str, Tensor], label: Tensor) -> Tensor:
        """Loss of a batch.

        Args:
            prediction: logits (B, C), or what a network's ``explain`` returns, of which ``logits``
                and ``branch_logits`` (B, T, C) are read.
            label: (B,) long.

        Returns:
            A scalar.
        """
        if isinstance(prediction, Tensor):
            return self.loss(prediction, label)
        total = self.loss(prediction["logits"], label)
        if self.weight == 0:
            return total
        branches = prediction["branch_logits"].unbind(1)
        each = [self.loss(branch, label) for branch in branches]
        return total + self.weight * sum(each) / len(each)
