"""The first layer of most MIL methods: every instance through one linear layer."""

import torch
from torch import nn

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear


class InstanceEmbedding(nn.Module):
    r""":math:`h_n = \mathrm{ReLU}(W x_n + b)`, the activation in place: bags are large.

    Shapes: input ``[..., D]``, output ``[..., d]``.

    Args:
        in_channels: D.
        hidden_dim: d.
        dropout: probability of dropping a hidden unit, in training.
    """

    def __init__(self, in_channels: int, hidden_dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.linear = StandardizedLinear(in_channels, hidden_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embed ``x``."""
        hidden = self.linear(x)
        # scripted code may fuse, where writing in place is refused
        active = torch.relu(hidden) if torch.jit.is_scripting() else torch.relu_(hidden)
        return self.dropout(active)
