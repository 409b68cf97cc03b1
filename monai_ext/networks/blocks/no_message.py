"""A linear layer on every tile alone: the graph that has no edges."""

import torch
from torch import nn
from torch.nn import functional as F

from monai_ext.ops.grid_neighbors import GridNeighbors


class NoMessage(nn.Module):
    """Each node hears itself only; a supernode so hears nothing of the bag.

    Args:
        in_dim: input width D.
        heads: the output is ``heads * head_dim`` wide, as that of attention.
        head_dim: see ``heads``.
        dropout: not used; there is no attention.
        is_bidirectional: not used; there are no edges.
    """

    def __init__(
        self,
        in_dim: int,
        heads: int,
        head_dim: int,
        dropout: float = 0.0,  # noqa: ARG002
        *,
        is_bidirectional: bool = True,  # noqa: ARG002
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(heads * head_dim, in_dim))
        nn.init.xavier_normal_(self.weight, gain=nn.init.calculate_gain("relu"))

    def forward(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,
        neighbors: GridNeighbors,  # noqa: ARG002
        mask: torch.Tensor,
        needs_tiles: bool,  # noqa: ARG002, FBT001
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """As :meth:`GATMessage.forward`; attention is 0."""
        nobody = torch.zeros_like(mask, dtype=tiles.dtype).unsqueeze(1)
        attention = nobody.expand(-1, supernodes.shape[1], -1)
        return F.linear(tiles, self.weight), F.linear(supernodes, self.weight), attention
