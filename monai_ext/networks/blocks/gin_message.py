"""A perceptron on a tile plus the mean of the tiles around it."""

import torch
from torch import nn

from monai_ext.networks.blocks.quick_prelu import QuickPReLU
from monai_ext.ops.grid_neighbors import GridNeighbors
from monai_ext.ops.neighbor_sum import neighbor_sum


class GINMessage(nn.Module):
    r"""What a node hears in a graph isomorphism network whose graph is a grid.

    .. math:: y_i = \mathrm{MLP}\Big(x_i + \frac{1}{|N_i|} \sum_{j \in N_i} x_j\Big)

    over the neighbours of tile i, itself and the supernodes. A supernode hears all real tiles and
    not itself.

    Args:
        in_dim: input width D.
        heads: the output is ``heads * head_dim`` wide, as that of attention.
        head_dim: see ``heads``.
        dropout: not used; there is no attention.
        is_bidirectional: tiles hear supernodes too.

    Reference:
        K. Xu et al., ICLR 2019, https://arxiv.org/abs/1810.00826. Differs: a mean, so that what a
        supernode hears does not grow with the bag.
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
        width = heads * head_dim
        self.is_bidirectional = is_bidirectional
        self.perceptron = nn.Sequential(
            nn.Linear(in_dim, width), nn.LayerNorm(width), QuickPReLU(), nn.Linear(width, width)
        )

    def forward(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,
        neighbors: GridNeighbors,
        mask: torch.Tensor,
        needs_tiles: bool,  # noqa: FBT001  (positional for TorchScript)
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Messages to all nodes, as :meth:`GATMessage.forward`; attention is the same for all."""
        share = mask.to(tiles.dtype) / mask.sum(1, keepdim=True).clamp_min(1)
        attention = share.unsqueeze(1).expand(-1, supernodes.shape[1], -1)
        heard = self.perceptron(supernodes + attention @ tiles)
        if not needs_tiles:
            return tiles[:, :, :1], heard, attention
        total = neighbors.present.sum(1, keepdim=True).to(tiles.dtype)
        if self.is_bidirectional:
            total = total + supernodes.shape[1]
        weights = (neighbors.present.to(tiles.dtype) / total.clamp_min(1)).unsqueeze(1)
        around = neighbor_sum(tiles.flatten(0, 1).unsqueeze(1), weights, neighbors).view(
            tiles.shape
        )
        if self.is_bidirectional and supernodes.shape[1] > 0:
            rest = supernodes.sum(1, keepdim=True) / total.clamp_min(1).view(mask.shape).unsqueeze(
                2
            )
            around = around + rest
        return self.perceptron(tiles + around), heard, attention
