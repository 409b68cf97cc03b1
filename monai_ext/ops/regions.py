"""Cutting a slide's tissue into m regions that are the same tissue at every magnification."""

from collections.abc import Callable

import torch

NO_REGION = -1
_COLUMNS = (1 << 31) - 1


def spatial_regions(
    level: torch.Tensor,
    row: torch.Tensor,
    col: torch.Tensor,
    m: int,
    *,
    coarsest: int | None = None,
) -> torch.Tensor:
    """Region ids from the coarsest grid, inherited by every finer instance.

    The coarsest cells that hold a finest tile, in raster order, are cut into m consecutive runs
    of as equal numbers of finest tiles as possible: with n finest tiles, run k ends at the first
    cell whose cumulative count reaches ``(k + 1) n / m`` (a run is empty if one cell spans it).
    With no more than m cells, each is a region of its own. An instance k levels finer than a cell
    lies in cell ``(row >> k, col >> k)``, so a region covers the same tissue at all levels.

    Args:
        level: ``[N]`` integers, 0 = finest grid; ``-1`` = padding. Finest and coarsest are those
            that occur.
        row: ``[N]`` integers, on the instance's own level.
        col: ``[N]`` integers.
        m: regions wanted, at least 1.
        coarsest: level whose cells are cut; None: the largest that occurs.

    Returns:
        ``[N]`` long in ``0 .. m - 1``; ``-1`` for padding, for instances coarser than
        ``coarsest`` and for those over no finest tile.

    Raises:
        ValueError: if ``m < 1``, or ``coarsest`` is finer than the finest instance.
    """
    return inherit_regions(level, row, col, m, _cut_into_runs, coarsest=coarsest)


def inherit_regions(
    level: torch.Tensor,
    row: torch.Tensor,
    col: torch.Tensor,
    m: int,
    cut: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, int], torch.Tensor],
    *,
    coarsest: int | None = None,
) -> torch.Tensor:
    """Cut the coarsest cells, and let every finer instance inherit its cell's region.

    Args:
        level: as in :func:`spatial_regions`, like all that follow.
        row: likewise.
        col: likewise.
        m: likewise.
        cut: takes row, column and number of finest tiles of each cell, in raster order, and m;
            gives the region of each cell.
        coarsest: likewise.

    Returns:
        Likewise.

    Raises:
        ValueError: likewise.
    """
    _check_m(m)
    level, row, col = level.long(), row.long(), col.long()
    region = torch.full_like(level, NO_REGION)
    if not bool((level >= 0).any()):
        return region
    finest = int(level[level >= 0].min())
    coarsest = int(level.max()) if coarsest is None else coarsest
    if coarsest < finest:
        raise ValueError(
            f"coarsest={coarsest} is finer than level {finest}, the finest instance: "
            "name a level at or above it"
        )
    inside = (level >= 0) & (level <= coarsest)
    shift = (coarsest - level).clamp_min(0)
    cell = _raster_key(row >> shift, col >> shift)
    cells, counts = torch.unique(cell[level == finest], return_counts=True)
    cell_region = cut(cells >> 31, cells & _COLUMNS, counts, m)
    place = torch.searchsorted(cells, cell).clamp_max(len(cells) - 1)
    return torch.where(inside & (cells[place] == cell), cell_region[place], region)


def count_regions(
    level: torch.Tensor, row: torch.Tensor, col: torch.Tensor, m: int
) -> torch.Tensor:
    """Region ids by counting in raster order, each level by itself: for audits only.

    Each level's n instances are cut into chunks of ``max(n // m, 1)``; the last region takes the
    remainder. So regions differ in size by up to m, and region k is **not** the same tissue at
    two levels. Differs from the rule it audits in one point: with fewer than m instances the
    spare regions stay empty, they are not filled with copies.

    Args:
        level: ``[N]`` integers, ``-1`` = padding.
        row: ``[N]`` integers.
        col: ``[N]`` integers.
        m: regions wanted, at least 1.

    Returns:
        ``[N]`` long, ``-1`` for padding.

    Raises:
        ValueError: if ``m < 1``.
    """
    _check_m(m)
    region = torch.full_like(level.long(), NO_REGION)
    for value in torch.unique(level[level >= 0]).tolist():
        here = torch.nonzero(level == value).squeeze(1)
        order = torch.argsort(_raster_key(row[here].long(), col[here].long()), stable=True)
        run = torch.arange(len(here), device=level.device) // max(len(here) // m, 1)
        region[here[order]] = run.clamp_max(m - 1)
    return region


def _check_m(m: int) -> None:
    if m < 1:
        raise ValueError(f"m={m} regions: at least 1 is needed")


def _raster_key(row: torch.Tensor, col: torch.Tensor) -> torch.Tensor:
    return (row << 31) + col


def _cut_into_runs(
    row: torch.Tensor,  # noqa: ARG001
    col: torch.Tensor,  # noqa: ARG001
    counts: torch.Tensor,
    m: int,
) -> torch.Tensor:
    """Region of each cell, from the finest tiles a cell, cells in raster order."""
    if len(counts) <= m:
        return torch.arange(len(counts), device=counts.device)
    before = counts.cumsum(0) - counts
    return before * m // counts.sum()
