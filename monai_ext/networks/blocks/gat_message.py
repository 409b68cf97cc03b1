"""Attention over the tiles around a tile, and of a supernode over all tiles."""

import torch
from torch import nn
from torch.nn import functional as F

from monai_ext.networks.blocks.quick_dropout import QuickDropout
from monai_ext.ops.grid_neighbors import GridNeighbors
from monai_ext.ops.masked import masked_softmax
from monai_ext.ops.neighbor_softmax import neighbor_softmax
from monai_ext.ops.neighbor_sum import neighbor_sum


class GATMessage(nn.Module):
    r"""What a node hears in a graph attention network whose graph is a grid.

    Per head, over the neighbours j of tile i, itself and the supernodes,

    .. math::
        a_{ij} = \mathrm{softmax}_j \, \mathrm{LeakyReLU}(a_l^\top W x_j + a_r^\top W x_i), \quad
        y_i = \sum_j a_{ij} W x_j ,

    heads concatenated. A supernode attends to all real tiles and not to itself. A single head
    wider than its input sums first and multiplies by W afterwards, which is the same and cheaper.

    Shapes: B batch, N tiles, S supernodes, D input width, H heads, E head width.

    Args:
        in_dim: D.
        heads: H.
        head_dim: E.
        dropout: probability of dropping an attention weight, in training.
        is_bidirectional: tiles hear supernodes too; False: only supernodes hear tiles.
        slope: of LeakyReLU below 0.

    Reference:
        P. Velickovic et al., Graph Attention Networks, ICLR 2018, https://arxiv.org/abs/1710.10903;
        initialised as in the released code of SRMIL.
    """

    def __init__(
        self,
        in_dim: int,
        heads: int,
        head_dim: int,
        dropout: float = 0.0,
        *,
        is_bidirectional: bool = True,
        slope: float = 0.2,
    ) -> None:
        super().__init__()
        self.heads, self.head_dim, self.slope = heads, head_dim, slope
        self.is_bidirectional, self.sums_first = is_bidirectional, heads == 1 and head_dim > in_dim
        gain = nn.init.calculate_gain("relu")
        self.weight = nn.Parameter(torch.empty(heads * head_dim, in_dim))
        self.source = nn.Parameter(torch.empty(1, heads, head_dim))
        self.target = nn.Parameter(torch.empty(1, heads, head_dim))
        for parameter in (self.weight, self.source, self.target):
            nn.init.xavier_normal_(parameter, gain=gain)
        self.dropout = QuickDropout(dropout)

    def forward(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,
        neighbors: GridNeighbors,
        mask: torch.Tensor,
        needs_tiles: bool,  # noqa: FBT001  (positional for TorchScript)
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Messages to all nodes.

        Args:
            tiles: ``[B, N, D]``.
            supernodes: ``[B, S, D]``; S may be 0.
            neighbors: of the tiles, B * N rows.
            mask: ``[B, N]`` bool, True = real.
            needs_tiles: False: only supernodes are asked for, and tiles get 0.

        Returns:
            Messages to tiles ``[B, N, H * E]`` and supernodes ``[B, S, H * E]``, and the
            supernodes' attention, averaged over heads, ``[B, S, N]``.
        """
        weights = self._weights()
        value, source, target = self._project(tiles, weights)
        super_value, super_source, super_target = self._project(supernodes, weights)
        heard, attention = self._gather(value, source, super_target, mask)
        message = tiles[:, :, :1]
        if needs_tiles:
            heard_too = supernodes.shape[1] if self.is_bidirectional else 0
            extra = super_source[:, :heard_too].transpose(1, 2).unsqueeze(1) + target.unsqueeze(3)
            shares, others = neighbor_softmax(
                source.flatten(0, 1),
                target.flatten(0, 1),
                F.leaky_relu(extra, self.slope).flatten(0, 1),
                neighbors,
                self.slope,
            )
            total = neighbor_sum(value.flatten(0, 1), self.dropout(shares), neighbors)
            total = total.view(value.shape)
            if heard_too > 0:
                others = self.dropout(others).view(extra.shape)
            for s in range(heard_too):
                total = total + others[:, :, :, s : s + 1] * super_value[:, s : s + 1]
            message = self._output(total)
        return message, self._output(heard), attention

    def _weights(self) -> torch.Tensor:
        """Rows that make values, then those that make source and target scores of every head."""
        per_head = self.weight.view(self.heads, self.head_dim, -1)
        asks = torch.stack([self.source[0], self.target[0]], 1) @ per_head
        asks = asks.transpose(0, 1).flatten(0, 1)
        return asks if self.sums_first else torch.cat([self.weight, asks])

    def _project(
        self, x: torch.Tensor, weights: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Values ``[B, N, H, E]`` (or ``[B, N, 1, D]``), source and target scores ``[B, N, H]``."""
        made, first = F.linear(x, weights), weights.shape[0] - 2 * self.heads
        value = x.unsqueeze(2)
        if not self.sums_first:
            shape = [x.shape[0], x.shape[1], self.heads, self.head_dim]
            value = made[:, :, :first].contiguous().view(shape)
        scores = made[:, :, first:]
        scores = scores if scores.dtype == torch.float64 else scores.float()
        source = scores[:, :, : self.heads].contiguous()
        return value, source, scores[:, :, self.heads :].contiguous()

    def _gather(
        self, value: torch.Tensor, source: torch.Tensor, target: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Supernodes hear all tiles: ``[B, S, H, E]``, and attention ``[B, S, N]``."""
        batch, supers, heads = target.shape
        n, width = value.shape[1], value.shape[3]
        if supers == 0:
            return value.new_zeros(batch, 0, heads, width), value.new_zeros(batch, 0, n)
        scores = source.transpose(1, 2).unsqueeze(1) + target.unsqueeze(3)
        scores = F.leaky_relu(scores, self.slope)
        weights = masked_softmax(scores, mask.unsqueeze(1).unsqueeze(1))
        flat = self.dropout(weights).to(value.dtype).reshape(batch, supers * heads, n)
        # every head's weights on every head's values, of which the equal ones are kept: no copy
        heard = (flat @ value.flatten(2)).view(batch, supers, heads, heads, width)
        return heard.diagonal(0, 2, 3).transpose(2, 3), weights.mean(2)

    def _output(self, message: torch.Tensor) -> torch.Tensor:
        if self.sums_first:
            return F.linear(message.flatten(2), self.weight)
        return message.flatten(2)
