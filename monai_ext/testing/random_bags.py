"""Bags of random features on a real grid: every ancestor present, regions optional."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from monai_ext.ops.bag_layout import pack_bag
from monai_ext.ops.regions import spatial_regions


def random_bag(
    channels: Sequence[int] | int,
    cells: tuple[int, int],
    *,
    generator: torch.Generator,
    levels: Sequence[int] = (0, 1, 2),
    keep: float = 1.0,
    m: int | None = None,
) -> torch.Tensor:
    """A slide's bag: finest tiles kept at random, all their ancestors, normal features.

    Args:
        channels: feature width, one for all or one a level; narrower levels are zero-padded.
        cells: rows and columns of the coarsest level's grid.
        generator: source of the random numbers.
        levels: levels, finest first.
        keep: share of the finest tiles kept; at least one is.
        m: number of spatial regions; None: no instance has a region.

    Returns:
        ``[4 + D, N]`` float32, instances ordered by level, then raster order.

    Example:
        >>> bag = random_bag(3, (2, 1), generator=torch.Generator(), levels=(0, 1), m=2)
        >>> bag.shape, bag[0].tolist(), bag[3].tolist()
        (torch.Size([7, 10]), [0.0, ..., 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0, ...])
    """
    widths = [channels] * len(levels) if isinstance(channels, int) else list(channels)
    depth = levels[-1] - levels[0]
    side = torch.rand(cells[0] << depth, cells[1] << depth, generator=generator)
    finest = torch.nonzero(side <= max(keep, float(side.min())))
    tiles = [torch.unique(finest >> (level - levels[0]), dim=0) for level in levels]
    features = torch.zeros(sum(len(part) for part in tiles), max(widths))
    level = torch.cat([torch.full((len(t),), k) for t, k in zip(tiles, levels, strict=True)])
    for k, width in zip(levels, widths, strict=True):
        count = int((level == k).sum())
        features[level == k, :width] = torch.randn(count, width, generator=generator)
    row, col = torch.cat(tiles).unbind(1)
    region = None if m is None else spatial_regions(level, row, col, m)
    return pack_bag(features, level, row, col, region)
