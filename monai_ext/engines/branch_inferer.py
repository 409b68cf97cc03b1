"""Ask a network for its branches in training, where the loss wants them."""

from __future__ import annotations

from typing import Any

import torch
from monai.inferers import Inferer
from torch.nn.parallel import DistributedDataParallel


class BranchInferer(Inferer):
    """Gives logits, or logits and branch logits where the branches are part of the loss.

    Args:
        weight: of the branches in the loss, see :class:`monai_ext.losses.BranchLoss`; with 0 the
            network is just called.
    """

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = float(weight)

    def __call__(
        self, inputs: torch.Tensor, network: torch.nn.Module, *_args: Any, **_kwargs: Any
    ) -> Any:
        """Logits [B, C], or a dict of ``logits`` and ``branch_logits`` [B, T, C]."""
        if self.weight == 0:
            return network(inputs)
        inner: Any = network.module if isinstance(network, DistributedDataParallel) else network
        found = inner.explain(inputs)
        return {name: found[name] for name in ("logits", "branch_logits")}
