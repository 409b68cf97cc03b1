"""Sum, mean and softmax by segment id, batched, for a fixed number of segments.

Every function takes ``segment [B, N]`` long; an id outside ``0 .. num_segments - 1`` belongs to no
segment and takes no part (``-1`` by convention). No loop over segments and no ``[N, segments,
width]`` array: memory grows with N only. Scriptable, exportable, empty segments are finite.

Shapes: B batch, N entries, M segments, D width.
"""

import torch


def segment_members(segment: torch.Tensor, num_segments: int) -> torch.Tensor:
    """Which entries belong to a segment: bool, the shape of ``segment``."""
    return (segment >= 0) & (segment < num_segments)


def segment_counts(segment: torch.Tensor, num_segments: int) -> torch.Tensor:
    """Entries a segment: long ``[B, M]``."""
    member = segment_members(segment, num_segments)
    counts = segment.new_zeros(segment.shape[0], num_segments)
    return counts.scatter_add(1, torch.where(member, segment, 0), member.to(counts.dtype))


def segment_sum(values: torch.Tensor, segment: torch.Tensor, num_segments: int) -> torch.Tensor:
    """Sum by segment.

    Args:
        values: ``[B, N]`` or ``[B, N, D]``; entries of no segment may hold any finite value.
        segment: ``[B, N]`` long.
        num_segments: M.

    Returns:
        ``[B, M]`` or ``[B, M, D]``; 0 for an empty segment.
    """
    member = segment_members(segment, num_segments)
    index = torch.where(member, segment, 0)
    if values.dim() == 2:
        zeros = values.new_zeros(values.shape[0], num_segments)
        return zeros.scatter_add(1, index, torch.where(member, values, 0.0))
    zeros = values.new_zeros(values.shape[0], num_segments, values.shape[2])
    kept = torch.where(member.unsqueeze(2), values, 0.0)
    return zeros.scatter_add(1, index.unsqueeze(2).expand_as(kept), kept)


def segment_mean(values: torch.Tensor, segment: torch.Tensor, num_segments: int) -> torch.Tensor:
    """Mean by segment, shapes as :func:`segment_sum`; 0 for an empty segment."""
    counts = segment_counts(segment, num_segments).clamp_min(1)
    if values.dim() == 3:
        counts = counts.unsqueeze(2)
    return segment_sum(values, segment, num_segments) / counts


def segment_softmax(scores: torch.Tensor, segment: torch.Tensor, num_segments: int) -> torch.Tensor:
    """Softmax within each segment, stable at any size of score.

    Args:
        scores: ``[B, N]``.
        segment: ``[B, N]`` long.
        num_segments: M.

    Returns:
        Weights ``[B, N]`` that sum to 1 in every segment that has an entry; 0 outside segments.
    """
    member = segment_members(segment, num_segments)
    index = torch.where(member, segment, 0)
    kept = torch.where(member, scores, 0.0)
    floor = scores.new_full([scores.shape[0], num_segments], -1e30)
    top = floor.scatter_reduce(1, index, torch.where(member, kept.detach(), -1e30), "amax")
    shifted = torch.where(member, kept - top.gather(1, index), 0.0)
    weights = torch.where(member, shifted.exp(), 0.0)
    total = scores.new_zeros(scores.shape[0], num_segments).scatter_add(1, index, weights)
    return weights / torch.where(member, total.gather(1, index), 1.0)
