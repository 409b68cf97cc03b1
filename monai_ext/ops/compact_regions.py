"""Regions as compact as they get: the tissue is halved again and again."""

import torch

from monai_ext.ops.regions import inherit_regions


def compact_regions(
    level: torch.Tensor,
    row: torch.Tensor,
    col: torch.Tensor,
    m: int,
    *,
    coarsest: int | None = None,
) -> torch.Tensor:
    """Region ids from the coarsest grid by bisection, inherited by every finer instance.

    A raster-order run of cells is a thin strip: a lesion of a few cells is cut in pieces and
    diluted. Here the coarsest cells that hold a finest tile are split in two along the longer
    side of their bounding box (columns if equal), so that the parts hold finest tiles in the ratio
    of the regions they will get (``floor(m / 2)`` to ``ceil(m / 2)``), and each part again, until
    each is one region. Cells are not divided: a region covers the same tissue at all levels. With
    no more than m cells, each is a region of its own. Regions are numbered in the order of the
    splits, upper or left part first.

    Args:
        level: ``[N]`` integers, 0 = finest grid; ``-1`` = padding.
        row: ``[N]`` integers, on the instance's own level.
        col: ``[N]`` integers.
        m: regions wanted, at least 1.
        coarsest: level whose cells are cut; None: the largest that occurs.

    Returns:
        ``[N]`` long in ``0 .. m - 1``; ``-1`` as in
        :func:`~monai_ext.ops.regions.spatial_regions`.

    Raises:
        ValueError: if ``m < 1``, or ``coarsest`` is finer than the finest instance.

    Example:
        >>> row, col = torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([0, 1, 2, 0, 1, 2])
        >>> compact_regions(torch.zeros(6), row, col, 3).tolist()
        [0, 1, 2, 0, 1, 2]
    """
    return inherit_regions(level, row, col, m, _bisect, coarsest=coarsest)


def _bisect(row: torch.Tensor, col: torch.Tensor, counts: torch.Tensor, m: int) -> torch.Tensor:
    """Region of each cell, from place and number of finest tiles of each cell."""
    if len(counts) <= m:
        return torch.arange(len(counts), device=counts.device)
    region = torch.zeros_like(counts)
    waiting = [(torch.arange(len(counts), device=counts.device), 0, m)]
    while waiting:
        cells, first, share = waiting.pop()
        if share == 1 or len(cells) == 1:
            region[cells] = first
            continue
        cells, end = _halve(cells, row[cells], col[cells], counts[cells], share)
        waiting.append((cells[:end], first, share // 2))
        waiting.append((cells[end:], first + share // 2, share - share // 2))
    return region


def _halve(
    cells: torch.Tensor, row: torch.Tensor, col: torch.Tensor, counts: torch.Tensor, share: int
) -> tuple[torch.Tensor, int]:
    """Cells in order along the longer side, and how many of them make the first part."""
    is_wide = int(col.max() - col.min()) >= int(row.max() - row.min())
    along, across = (col, row) if is_wide else (row, col)
    order = torch.argsort((along << 31) + across)
    filled = counts[order].cumsum(0)
    wanted = int(filled[-1]) * (share // 2) / share
    end = int((filled - wanted).abs().argmin()) + 1
    return cells[order], min(max(end, 1), len(cells) - 1)
