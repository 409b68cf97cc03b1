"""A network that cannot but respect the multiple-instance assumption: the unit tests' control."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.bag_layout import unpack_bag


class PresenceScorer(nn.Module):
    r"""Positive if every one of K concepts is present; absence and number say nothing.

    .. math:: y_1 - y_0 = -\log \sum_k \exp\big(-\max_n s_k(x_n)\big), \quad y_0 = 0,

    a smooth minimum over concepts of the best instance's score. One more instance never lowers
    it, and a copy never changes it. So it can learn "holds both" and cannot learn "lacks
    poison" or "holds many": where it passes a unit test, the test can be passed.

    Shapes: B batch, N instances, D width, K concepts.

    Args:
        in_channels: D.
        hidden_dim: width of the hidden layer.
        concepts: K.
    """

    def __init__(self, in_channels: int, hidden_dim: int, concepts: int) -> None:
        super().__init__()
        self.embed = StandardizedLinear(in_channels, hidden_dim)
        self.score = nn.Linear(hidden_dim, concepts)

    def forward(self, bag: Tensor) -> Tensor:
        """Logits ``[B, 2]`` of ``bag [B, 4 + D, N]``."""
        parts = unpack_bag(bag)
        scores = self.score(torch.relu(self.embed(parts.features)))
        best = scores.masked_fill((parts.level < 0).unsqueeze(2), -1e4).amax(1)
        log_odds = -torch.logsumexp(-best, 1)
        return torch.stack([torch.zeros_like(log_odds), log_odds], 1)

    def input_layers(self) -> list[tuple[int, StandardizedLinear]]:
        """Level and first layer."""
        return [(0, self.embed)]
