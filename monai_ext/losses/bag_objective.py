"""The objective of a method that learns from its logits alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from monai_ext.losses.branch_loss import BranchLoss


def unwrapped(network: nn.Module) -> Any:
    """The network itself where it is wrapped for several devices."""
    return network.module if isinstance(network, DistributedDataParallel) else network


class BagObjective(nn.Module):
    """A loss of bag logits, and of the branches' where asked for.

    Args:
        loss: of logits (B, C) and labels (B,).
        branch_weight: of the branches, see :class:`BranchLoss`.
    """

    def __init__(self, loss: nn.Module, branch_weight: float = 0.0) -> None:
        super().__init__()
        self.loss = BranchLoss(loss, branch_weight)

    def forward(self, network: nn.Module, bags: Tensor, labels: Tensor) -> Tensor:
        """Loss of a batch: bags (B, 4 + D, N), labels (B,) long."""
        return self.combine(self.terms(network, bags), labels)

    def terms(self, network: nn.Module, bags: Tensor) -> dict[str, Tensor]:
        """``logits`` (B, C) and, where asked for, ``branch_logits`` (B, T, C)."""
        if self.loss.weight == 0:
            return {"logits": network(bags)}
        found = unwrapped(network).explain(bags)
        return {name: found[name] for name in ("logits", "branch_logits")}

    def combine(self, terms: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """The loss of :meth:`terms` and labels, a scalar."""
        return self.loss(terms, labels)
