"""From tile features to the space in which they meet prototypes and texts."""

import torch
from torch import nn
from torch.nn import functional as F

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear


class FeatureProjection(nn.Module):
    """Linear on standardised features, LayerNorm, GELU; prototypes go the same way.

    Prototypes live among the standardised features, so they are not standardised again.

    Shapes: N instances, K prototypes, D feature width, d width.

    Args:
        in_features: D.
        width: d.
    """

    def __init__(self, in_features: int, width: int) -> None:
        super().__init__()
        self.embed = StandardizedLinear(in_features, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map features ``[..., N, D]`` to ``[..., N, d]``."""
        return F.gelu(self.norm(self.embed(x)))

    @torch.jit.export
    def prototypes(self, bank: torch.Tensor) -> torch.Tensor:
        """Map prototypes ``[K, D]`` to ``[K, d]``."""
        return F.gelu(self.norm(F.linear(bank, self.embed.weight, self.embed.bias)))

    @torch.jit.unused
    def standardized(self, x: torch.Tensor) -> torch.Tensor:
        """Features ``[N, D]`` in the space of the prototypes."""
        return (x - self.embed.mean) / self.embed.std


class NoProjection(nn.Module):
    """Features and prototypes as they are."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x``."""
        return x

    @torch.jit.export
    def prototypes(self, bank: torch.Tensor) -> torch.Tensor:
        """``bank``."""
        return bank

    @torch.jit.unused
    def standardized(self, x: torch.Tensor) -> torch.Tensor:
        """``x``."""
        return x
