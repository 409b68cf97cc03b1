"""DSMIL's training: both streams are asked for the label."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from monai_ext.losses.bag_objective import unwrapped
from monai_ext.losses.branch_loss import BranchLoss


class DualStreamObjective(nn.Module):
    r"""Loss of the bag stream plus loss of the best instance.

    .. math:: L = (1 - \lambda) \, \ell(y_{bag}, c) + \lambda \, \ell(\max_n s_n, c)

    With several levels each stream's branch logits go through the network's joining layer.

    Args:
        loss: :math:`\ell`, of logits (B, C) and labels (B,).
        max_weight: :math:`\lambda`, 0 to 1.
        branch_weight: of the branches, see :class:`BranchLoss`.

    Shapes:
        B batch, T levels, C classes.

    Raises:
        ValueError: if ``max_weight`` is out of range.

    Reference:
        B. Li, Y. Li, K. Eliceiri, CVPR 2021, https://arxiv.org/abs/2011.08939, with 0.5. Differs:
        any loss (the released code: binary cross-entropy of each class).
    """

    def __init__(
        self, loss: nn.Module, max_weight: float = 0.5, branch_weight: float = 0.0
    ) -> None:
        super().__init__()
        if not 0 <= max_weight <= 1:
            raise ValueError(f"max_weight={max_weight} must be from 0 to 1; as published 0.5")
        self.loss, self.max_weight = BranchLoss(loss, branch_weight), max_weight

    def forward(self, network: nn.Module, bags: Tensor, labels: Tensor) -> Tensor:
        """Loss of a batch: bags (B, 4 + D, N), labels (B,) long."""
        return self.combine(self.terms(network, bags), labels)

    def terms(self, network: nn.Module, bags: Tensor) -> dict[str, Tensor]:
        """``bag`` and ``max`` (B, T, C) of the branches; with ``_joined`` (B, C)."""
        net = unwrapped(network)
        found = net.branch_outputs(bags)
        terms = {}
        for stream in ("bag", "max"):
            terms[stream] = torch.stack([branch[f"{stream}_logits"] for branch in found], 1)
            terms[f"{stream}_joined"] = net.join(terms[stream])
        return terms

    def combine(self, terms: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """The loss of :meth:`terms` and labels, a scalar."""
        bag, best = (
            self.loss({"logits": terms[f"{name}_joined"], "branch_logits": terms[name]}, labels)
            for name in ("bag", "max")
        )
        return (1 - self.max_weight) * bag + self.max_weight * best
