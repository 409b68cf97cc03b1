"""A patch encoder small enough for tests."""

from __future__ import annotations

import torch
from torch import nn

from monai_ext.networks.encoders.patch_encoder import PatchEncoder


class TinyEncoder(PatchEncoder):
    """A seeded random projection of a tile's 4 x 4 mean colours: instant, repeatable, useless.

    It stands in for real encoders wherever a test is about something else.

    Args:
        embed_dim: feature width D.
        seed: of the projection.

    Example:
        >>> import numpy as np
        >>> TinyEncoder(embed_dim=8).encode(np.zeros((2, 16, 16, 3), np.uint8)).shape
        torch.Size([2, 8])
    """

    encoder_id = "tiny"
    licence = "Apache-2.0"
    commercial_use = True
    is_stand_in = True
    embed_dim = 16

    def __init__(self, embed_dim: int = 16, seed: int = 0) -> None:
        linear = nn.Linear(48, embed_dim, bias=False)
        weight = torch.randn(embed_dim, 48, generator=torch.Generator().manual_seed(seed))
        linear.weight.data.copy_(weight)
        backbone = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), linear)
        super().__init__(backbone, mean=[127.5] * 3, std=[127.5] * 3)
        self.embed_dim = int(embed_dim)
