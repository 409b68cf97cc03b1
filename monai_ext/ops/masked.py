"""Softmax and mean over the entries that count; finite when none does."""

import torch


def masked_softmax(scores: torch.Tensor, mask: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """Softmax over the unmasked entries; an all-masked row is all zero, with zero gradient.

    Args:
        scores: any shape; float32 or float64. Masked entries may hold any finite value.
        mask: bool, broadcastable to ``scores``, True = real.
        dim: the axis that sums to 1. It may be empty.

    Returns:
        Weights of the shape of ``scores``, exactly 0 where masked.

    Example:
        >>> mask = torch.tensor([[True, False], [False, False]])
        >>> masked_softmax(torch.zeros(2, 2), mask).tolist()
        [[1.0, 0.0], [0.0, 0.0]]
    """
    return torch.softmax(scores.masked_fill(~mask, -1e30), dim) * mask


def masked_mean(values: torch.Tensor, mask: torch.Tensor, dim: int) -> torch.Tensor:
    """Mean over the unmasked entries of one axis; zero where there is none.

    Args:
        values: any shape.
        mask: bool, broadcastable to ``values``, True = real.
        dim: the axis to reduce.

    Returns:
        ``values`` without axis ``dim``.
    """
    kept = torch.where(mask, values, 0.0)
    count = mask.expand_as(values).sum(dim)
    return kept.sum(dim) / count.clamp_min(1)
