"""Pixels of a batch whose class is known or believed, for losses on their embeddings."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from monai_ext.networks.nets.transuni import Decoded
from monai_ext.ops.balanced_pixels import balanced_pixels


class PixelPool(NamedTuple):
    """n pixels chosen from a batch."""

    inner: Tensor
    """``[n, c]``, what they are embedded from."""
    labels: Tensor
    """``[n]`` long."""
    trusted: Tensor
    """``[n]`` bool: may move prototypes."""


def pool_pixels(
    decoded: Decoded,
    labels: Tensor,
    num_classes: int,
    limit: int,
    trusted: Tensor | None = None,
) -> PixelPool:
    """Choose up to ``limit`` pixels an image, classes in equal numbers.

    Args:
        decoded: of B images.
        labels: ``[B, H, W]`` long, 255 = not to be chosen; read at the nearest pixel of the
            embedded map.
        num_classes: C.
        limit: pixels an image.
        trusted: ``[B, H, W]`` bool; None: where the network's prediction is the label.
    """
    size = decoded.inner.shape[2:]
    small = _nearest(labels, size)
    if trusted is None:
        trusted = decoded.logits.detach().argmax(1) == labels
    sure = _nearest(trusted, size)
    chosen = balanced_pixels(small.flatten(1), num_classes, limit)
    inner = decoded.inner.movedim(1, -1).flatten(0, 2)[chosen]
    return PixelPool(inner, small.flatten()[chosen], sure.flatten()[chosen])


def join_pools(pools: list[PixelPool]) -> PixelPool:
    """All pixels of several pools."""
    return PixelPool(*(torch.cat(parts) for parts in zip(*pools, strict=True)))


def _nearest(values: Tensor, size: torch.Size) -> Tensor:
    small = functional.interpolate(values[:, None].float(), list(size), mode="nearest-exact")
    return small[:, 0].to(values.dtype)
