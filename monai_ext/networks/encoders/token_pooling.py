"""One vector from a ViT's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer

POOLINGS = ("cls+mean", "cls")


class TokenPooling(nn.Module):
    r"""The class token, alone or followed by the mean of the patch tokens.

    ``cls``: :math:`t_0`; ``cls+mean``: :math:`[t_0, \frac{1}{N} \sum_n t_{p + n}]` behind the p
    tokens (class, registers) that are no patch.

    Args:
        vit: timm's.
        pooling: ``"cls"`` or ``"cls+mean"``.
    """

    def __init__(self, vit: VisionTransformer, pooling: str) -> None:
        super().__init__()
        self.vit, self.pooling = vit, pooling
        self.embed_dim = vit.num_features * (2 if pooling == "cls+mean" else 1)

    def forward(self, image: Tensor) -> Tensor:
        """Map ``[B, 3, H, W]`` to ``[B, D]``."""
        tokens = self.vit.forward_features(image)
        if self.pooling == "cls":
            return tokens[:, 0]
        patches = tokens[:, self.vit.num_prefix_tokens :]
        return torch.cat([tokens[:, 0], patches.mean(1)], dim=-1)
