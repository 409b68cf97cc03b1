"""A slide network of one magnification as a network of single tiles.

Annotations stay evaluated here: TorchScript reads them.
"""

import torch
from torch import nn

from monai_ext.ops.bag_layout import NUM_INDEX_ROWS


class TileScorer(nn.Module):
    r"""Logits of the bag that holds one tile alone.

    :math:`s(x) = g([\,l, 0, 0, 0, f(255 x)]^T)` with the patch encoder f and the slide network g.
    It is what g would say of a slide that shows nothing but this tile: where g averages tiles or
    their logits, a slide's logits are the mean of it; where g attends, the attention that the tile
    would get among others has no part in it.

    Args:
        encoder: patch encoder f.
        network: g, which reads one level.
        level: l, its index.
        width: feature width that g expects; narrower features are filled with zeros.
    """

    def __init__(self, encoder: nn.Module, network: nn.Module, level: int, width: int) -> None:
        super().__init__()
        self.encoder, self.network = encoder, network
        self.level, self.width, self.rows = level, width, NUM_INDEX_ROWS

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Score.

        Args:
            image: float ``[B, 3, H, W]``, RGB in 0..1.

        Returns:
            Logits ``[B, C]``.
        """
        features = self.encoder(image * 255)
        features = nn.functional.pad(features, [self.rows, self.width - features.shape[1]])
        place = torch.zeros_like(features)
        place[:, 0] = self.level
        return self.network((features + place).unsqueeze(2))
