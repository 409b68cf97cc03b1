"""Positions of a ViT for another image size than they were trained for."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def resampled_positions(positions: Tensor, side: int, mode: str) -> Tensor:
    """Resample the square grid of positions behind one class token; not antialiased.

    timm resamples with antialiasing while it runs; CONCH's loader and transformers' DINOv2 do
    not. Weights of those are resampled when loading, so that nothing is left to do later.

    Args:
        positions: ``[1, 1 + n * n, W]``.
        side: patches a side that are wanted.
        mode: ``"bilinear"`` or ``"bicubic"``.

    Returns:
        float32 ``[1, 1 + side * side, W]``; the given ones where nothing changes.
    """
    count = positions.shape[1] - 1
    if count == side * side:
        return positions
    grid = math.isqrt(count)
    patches = positions[:, 1:].float().unflatten(1, (grid, grid)).permute(0, 3, 1, 2)
    resized = functional.interpolate(patches, size=(side, side), mode=mode)
    flat = resized.permute(0, 2, 3, 1).flatten(1, 2)
    return torch.cat([positions[:, :1].float(), flat], dim=1)
