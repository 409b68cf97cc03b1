"""Which stretch of a bag holds one magnification."""

from __future__ import annotations

import torch


def level_window(level: torch.Tensor, wanted: int) -> tuple[int, int]:
    """First column and end of the shortest stretch that holds every instance of a level.

    Bags are usually ordered by level, so the stretch holds little else, and a network that reads
    the view ``features[:, first:end]`` spends nothing on other magnifications. The stretch may hold
    other levels: mask as if the whole bag was read. It depends on values, so it is for eager mode:
    traced, compiled and exported, it is the whole bag.

    Args:
        level: ``[B, N]`` long.
        wanted: the level.

    Returns:
        ``(first, end)``; ``(0, 0)`` if no bag has the level.

    Example:
        >>> level_window(torch.tensor([[0, 0, 1, 1, -1], [0, 1, 1, 0, 1]]), 1)
        (1, 5)
    """
    if torch.jit.is_tracing() or torch.compiler.is_compiling():
        return 0, level.shape[1]
    columns = torch.nonzero((level == wanted).any(0)).flatten()
    if columns.numel() == 0:
        return 0, 0
    return int(columns[0]), int(columns[-1]) + 1
