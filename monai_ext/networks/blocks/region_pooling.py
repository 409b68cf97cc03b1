"""One prototype a region: attention pooling, or the plain mean, within the regions of a slide."""

import torch
from torch import nn

from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.segments import segment_counts, segment_members, segment_softmax

REGION_POOLS = ("attention", "mean")


class EvenScores(nn.Module):
    """What stands for gated attention where all instances of a region count alike."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """:meth:`scores`."""
        return self.scores(x)

    @torch.jit.export
    def scores(self, x: torch.Tensor) -> torch.Tensor:
        """Zeros ``[..., N]`` for ``x [..., N, D]``, float32 or float64."""
        zero = torch.zeros_like(x[..., 0])
        return zero if zero.dtype == torch.float64 else zero.float()


class RegionAttentionPool(nn.Module):
    r"""Embed the instances, then gated attention pooling within each region, or their mean.

    All regions share the weights. The softmax runs by region id and the sum is one matrix product
    with the ``[m, N]`` attention, so there is neither a loop over regions nor an ``[N, m, d]``
    array.

    Shapes: B batch, N instances, D input width, d hidden width, m regions.

    Args:
        in_channels: D.
        hidden_dim: d.
        attention_dim: width of the attention's hidden layer.
        dropout: probability, on the embedding and on the gate, in training.
        kind: ``attention``, or ``mean``: instances of a region count alike, so that no single
            one can stand for its region.

    Raises:
        ValueError: for another kind.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_dim: int,
        attention_dim: int,
        dropout: float = 0.0,
        kind: str = "attention",
    ) -> None:
        super().__init__()
        if kind not in REGION_POOLS:
            raise ValueError(f"region_pool={kind} is unknown: use {' or '.join(REGION_POOLS)}")
        self.in_channels = in_channels
        self.embed = StandardizedLinear(in_channels, hidden_dim)
        self.dropout = nn.Dropout(dropout)
        gated = GatedAttention(hidden_dim, attention_dim, dropout)
        self.attention = gated if kind == "attention" else EvenScores()

    def forward(
        self, features: torch.Tensor, region: torch.Tensor, m: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pool each region.

        Args:
            features: ``[B, N, D]``; instances of no region may hold any finite value.
            region: ``[B, N]`` long, 0 .. m - 1; anything else takes no part.
            m: number of regions.

        Returns:
            Prototypes ``[B, m, d]`` (zero for an empty region), attention ``[B, N]`` that sums to 1
            in every region that has an instance, and ``[B, m]`` bool, True = not empty.
        """
        hidden = self.dropout(torch.relu(self.embed(features)))
        member = segment_members(region, m)
        attention = segment_softmax(self.attention.scores(hidden), region, m)
        own = torch.arange(m, device=region.device).unsqueeze(-1) == region.unsqueeze(1)
        weights = torch.where(own, attention.unsqueeze(1), 0.0).to(hidden.dtype)
        prototypes = weights @ hidden
        return prototypes, torch.where(member, attention, 0.0), segment_counts(region, m) > 0
