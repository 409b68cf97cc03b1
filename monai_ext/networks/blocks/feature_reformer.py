"""The first step of a graph of tiles: features of frozen encoders made fit for it."""

import torch
from monai.utils import ComponentStore
from torch import nn
from torch.nn import functional as F

from monai_ext.networks.blocks.standardized_identity import StandardizedIdentity
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear

REFORMERS = ComponentStore("reformers", "what tile features pass before the graph")


class LinearReformer(nn.Module):
    r"""One linear layer of the features' own width.

    A reformer acts on each tile alone, so putting a token in the place of a tile's features is
    putting the reformed token in the place of the reformed features: exactly the same, and the
    features are read once however many times they are masked. Tokens (mask tokens, features of
    supernodes) live among standardised features, where 0 is the mean tile; in the plain features'
    space they would have to learn means and deviations of every channel.

    Args:
        channels: width D, of input and output.
        hidden_dim: not used; other reformers have a hidden layer.
    """

    def __init__(self, channels: int, hidden_dim: int) -> None:  # noqa: ARG002
        super().__init__()
        self.first = StandardizedLinear(channels, channels)
        nn.init.xavier_uniform_(self.first.weight, gain=1.414)
        nn.init.zeros_(self.first.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features ``[..., D]`` as stored to ``[..., D]``."""
        return self.first(features)

    @torch.jit.export
    def tokens(self, tokens: torch.Tensor) -> torch.Tensor:
        """Standardised features ``[..., D]`` to ``[..., D]``."""
        return F.linear(tokens, self.first.weight, self.first.bias)


class IdentityReformer(nn.Module):
    """No layer: the standardised features themselves.

    Args:
        channels: width D, of input and output.
        hidden_dim: not used.
    """

    def __init__(self, channels: int, hidden_dim: int) -> None:  # noqa: ARG002
        super().__init__()
        self.first = StandardizedIdentity(channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features ``[..., D]`` as stored to standardised ones."""
        return self.first(features)

    @torch.jit.export
    def tokens(self, tokens: torch.Tensor) -> torch.Tensor:
        """Standardised features as they are."""
        return tokens


class PerceptronReformer(nn.Module):
    """Two layers, each with its layer normalisation.

    Args:
        channels: width D, of input and output.
        hidden_dim: width between the layers.

    Reference:
        The released code of SRMIL normalises by statistics of the bag ("BagNorm"), by running ones
        at test time; layer normalisation needs no other tile.
    """

    def __init__(self, channels: int, hidden_dim: int) -> None:
        super().__init__()
        self.first = StandardizedLinear(channels, hidden_dim)
        second = nn.Linear(hidden_dim, channels)
        self.rest = nn.Sequential(
            nn.LayerNorm(hidden_dim), nn.ReLU(), second, nn.LayerNorm(channels)
        )
        for layer in (self.first, second):
            nn.init.xavier_uniform_(layer.weight, gain=1.414)
            nn.init.zeros_(layer.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features ``[..., D]`` as stored to ``[..., D]``."""
        return self.rest(self.first(features))

    @torch.jit.export
    def tokens(self, tokens: torch.Tensor) -> torch.Tensor:
        """Standardised features ``[..., D]`` to ``[..., D]``."""
        return self.rest(F.linear(tokens, self.first.weight, self.first.bias))


REFORMERS.add("linear", "one linear layer", LinearReformer)
REFORMERS.add("identity", "standardised features", IdentityReformer)
REFORMERS.add("mlp", "two layers", PerceptronReformer)
