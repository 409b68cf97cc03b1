"""The image tower of CONCH."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from monai_ext.networks.encoders.attention_pooler import AttentionPooler


class ConchVision(nn.Module):
    r"""A ViT whose tokens one learned query pools; D wide.

    :math:`z = \mathrm{LN}(\mathrm{pool}(\mathrm{ViT}(x)))`, and if ``contrast``
    :math:`z P / \lVert z P \rVert`, the vector that was aligned with text.

    Args:
        embed_dim: D.
        width: token width of the ViT.
        depth: its blocks.
        vit_heads: its heads.
        image_px: side for which its positions are.
        pooler_heads: heads of the poolers.
        contrast: give the projected and normalised vector.

    The caption pooler (256 queries) is part of the checkpoint and unused here: with it, every
    tensor of the file has its place.
    """

    def __init__(
        self,
        embed_dim: int,
        width: int,
        depth: int,
        vit_heads: int,
        image_px: int,
        pooler_heads: int,
        *,
        contrast: bool = False,
    ) -> None:
        from timm.models.vision_transformer import VisionTransformer

        super().__init__()
        self.contrast = contrast
        self.trunk = VisionTransformer(
            img_size=image_px,
            patch_size=16,
            embed_dim=width,
            depth=depth,
            num_heads=vit_heads,
            num_classes=0,
            dynamic_img_size=True,
        )
        self.attn_pool_contrast = AttentionPooler(embed_dim, width, pooler_heads, 1)
        self.ln_contrast = nn.LayerNorm(embed_dim)
        self.proj_contrast = nn.Parameter(torch.empty(embed_dim, embed_dim))
        self.attn_pool_caption = AttentionPooler(width, width, pooler_heads, 256)
        self.ln_caption = nn.LayerNorm(width)
        nn.init.normal_(self.proj_contrast, std=width**-0.5)

    def forward(self, image: Tensor) -> Tensor:
        """Map ``[B, 3, H, W]`` to ``[B, D]``."""
        tokens = self.trunk.forward_features(image)
        pooled = self.ln_contrast(self.attn_pool_contrast(tokens)[:, 0])
        if not self.contrast:
            return pooled
        return functional.normalize(pooled @ self.proj_contrast, dim=-1)
