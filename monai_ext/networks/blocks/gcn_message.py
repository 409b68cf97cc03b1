"""Means over the tiles around a tile, each counted by its number of neighbours."""

import torch
from torch import nn
from torch.nn import functional as F

from monai_ext.ops.grid_neighbors import GridNeighbors
from monai_ext.ops.neighbor_sum import neighbor_sum


class GCNMessage(nn.Module):
    r"""What a node hears in a graph convolutional network whose graph is a grid.

    .. math:: y_i = W \sum_j \frac{x_j}{\sqrt{d^{out}_j d^{in}_i}}

    over the neighbours of tile i, itself and the supernodes; d counts edges out of j and into i. A
    supernode hears all real tiles and not itself.

    Args:
        in_dim: input width D.
        heads: the output is ``heads * head_dim`` wide, as that of attention.
        head_dim: see ``heads``.
        dropout: not used; there is no attention.
        is_bidirectional: tiles hear supernodes too.

    Reference:
        T. Kipf, M. Welling, ICLR 2017, https://arxiv.org/abs/1609.02907.
    """

    def __init__(
        self,
        in_dim: int,
        heads: int,
        head_dim: int,
        dropout: float = 0.0,  # noqa: ARG002
        *,
        is_bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.is_bidirectional, self.sums_first = is_bidirectional, heads * head_dim > in_dim
        self.weight = nn.Parameter(torch.empty(heads * head_dim, in_dim))
        nn.init.xavier_normal_(self.weight, gain=nn.init.calculate_gain("relu"))

    def forward(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,
        neighbors: GridNeighbors,
        mask: torch.Tensor,
        needs_tiles: bool,  # noqa: FBT001  (positional for TorchScript)
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Messages to all nodes, as :meth:`GATMessage.forward`; attention is each tile's share."""
        supers, size = supernodes.shape[1], mask.sum(1).to(tiles.dtype).clamp_min(1).sqrt()
        degree = neighbors.present.sum(1).to(tiles.dtype)
        root_out = (degree + supers).clamp_min(1).rsqrt()
        root_in = (degree + supers * int(self.is_bidirectional)).clamp_min(1).rsqrt()
        value, super_value = tiles, supernodes
        if not self.sums_first:
            value, super_value = F.linear(tiles, self.weight), F.linear(supernodes, self.weight)
        share = torch.where(mask, root_out.view(mask.shape), 0.0)
        heard = ((share / size.unsqueeze(1)).unsqueeze(1) @ value).expand(-1, supers, -1)
        attention = share / share.sum(1, keepdim=True).clamp_min(1e-12)
        message = value[:, :, :1]
        if needs_tiles:
            slots: list[torch.Tensor] = []
            for s in range(neighbors.rows.shape[1]):
                slots.append(root_out.index_select(0, neighbors.rows[:, s]))  # noqa: PERF401
            weights = torch.stack(slots, 1) * root_in.unsqueeze(1) * neighbors.present
            message = neighbor_sum(
                value.flatten(0, 1).unsqueeze(1), weights.unsqueeze(1), neighbors
            )
            message = message.view(value.shape)
            if self.is_bidirectional and supers > 0:
                said = (super_value / size.unsqueeze(1).unsqueeze(2)).sum(1, keepdim=True)
                message = message + root_in.view(mask.shape).unsqueeze(2) * said
        if self.sums_first:
            heard = F.linear(heard, self.weight)
            message = F.linear(message, self.weight) if needs_tiles else message
        return message, heard, attention.unsqueeze(1).expand(-1, supers, -1)
