"""Who lies next to whom on a tile grid, as a table of fixed width."""

from typing import NamedTuple

import torch


class GridNeighbors(NamedTuple):
    """A neighbour table as the sums over neighbours read it; M = B * N rows, R slots, H heads."""

    rows: torch.Tensor
    """``[M, R]`` int32, row of the neighbour; the own row where there is none."""
    present: torch.Tensor
    """``[M, R]`` float32, 1 = there is a neighbour, 0 = there is none."""
    head_index: torch.Tensor
    """``[M, H, R]`` int32, ``rows * H + head``: rows of an ``[M * H, ...]`` tensor."""


def grid_offsets(window: int) -> list[tuple[int, int]]:
    """Row and column steps to the neighbours within a window, the own cell among them.

    A cell is a neighbour if its distance is at most ``1.42 * window``: 1 gives 3 x 3 cells, 2 gives
    5 x 5, 3 a disc of 61, 0 the cell alone. In raster order, so that slot ``R - 1 - s`` is the way
    back of slot ``s``, and the middle one is the cell itself.

    Args:
        window: at least 0.

    Raises:
        ValueError: if ``window`` is negative.

    Example:
        >>> grid_offsets(0), len(grid_offsets(1)), len(grid_offsets(2)), len(grid_offsets(3))
        ([(0, 0)], 9, 25, 61)
    """
    if window < 0:
        raise ValueError(f"window={window} must be at least 0: 0 is the tile alone, 2 its 5 x 5")
    offsets: list[tuple[int, int]] = []
    reach = int(1.42 * window)
    for row in range(-reach, reach + 1):
        for col in range(-reach, reach + 1):
            if row * row + col * col <= (1.42 * window) ** 2:
                offsets.append((row, col))  # noqa: PERF401  (read by TorchScript)
    return offsets


def grid_neighbors(
    level: torch.Tensor, row: torch.Tensor, col: torch.Tensor, wanted: int, window: int
) -> torch.Tensor:
    """Table of the neighbours of every instance of one level.

    Cells are looked up in the sorted list of occupied cells, so memory grows with N only; no shape
    depends on values. Of several instances in one cell the first owns it; the others have no
    neighbour but themselves and are nobody's, so that the relation stays symmetric.

    Args:
        level: ``[B, N]`` long.
        row: ``[B, N]`` long, any origin.
        col: ``[B, N]`` long.
        wanted: the level; instances of other levels, and padding, have no neighbour at all.
        window: see :func:`grid_offsets`, which gives the R slots.

    Returns:
        ``[B, N, R]`` int32: position in the bag of the instance in each slot, -1 = none.

    Example:
        >>> zero, col = torch.zeros(1, 3).long(), torch.tensor([[5, 6, 8]])
        >>> grid_neighbors(zero, zero, col, 0, 1)[0, :, 3:6].tolist()
        [[-1, 0, 1], [0, 1, -1], [-1, 2, -1]]
    """
    offsets = grid_offsets(window)
    rows, cols = [step[0] for step in offsets], [step[1] for step in offsets]
    here = level == wanted
    keys, width = cell_keys(here, row, col, rows[-1])
    outside = keys.new_full([keys.shape[0], 1], 1 << 62)
    listed = torch.cat([torch.where(here, keys, 1 << 62), outside], 1)
    ordered, order = torch.sort(listed, dim=1, stable=True)
    steps = width * torch.tensor(rows, device=row.device) + torch.tensor(cols, device=row.device)
    goal = torch.where(here.unsqueeze(2), keys.unsqueeze(2) + steps.unsqueeze(1), -1)
    place = torch.searchsorted(ordered, goal.flatten(1))
    found = order.gather(1, place).view_as(goal)
    real = ordered.gather(1, place).view_as(goal) == goal
    middle = len(offsets) // 2
    own = torch.arange(row.shape[1], device=row.device).expand_as(row)
    owner = here & (found[:, :, middle] == own)
    table = torch.where(real & owner.unsqueeze(2), found, -1)
    table[:, :, middle] = torch.where(here, own, -1)
    return table.int()


def flatten_neighbors(table: torch.Tensor, heads: int) -> GridNeighbors:
    """The table of a batch as rows of one long list, ready for sums over neighbours.

    Args:
        table: ``[B, N, R]``, see :func:`grid_neighbors`.
        heads: H of ``head_index``.
    """
    batch, n, slots = table.shape
    first = torch.arange(batch, device=table.device, dtype=torch.int32) * n
    own = first.unsqueeze(1) + torch.arange(n, device=table.device, dtype=torch.int32)
    present = table >= 0
    index = torch.where(present, table + first.unsqueeze(1).unsqueeze(2), own.unsqueeze(2))
    index, present = index.reshape(batch * n, slots), present.reshape(batch * n, slots)
    return GridNeighbors(index, present.float(), spread_heads(index, heads))


def spread_heads(index: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of an ``[M * H, ...]`` tensor from rows of an ``[M, H, ...]`` one: ``[M, H, R]``."""
    head = torch.arange(heads, device=index.device, dtype=index.dtype)
    return (index * heads).unsqueeze(1) + head.unsqueeze(1)


def cell_keys(
    here: torch.Tensor, row: torch.Tensor, col: torch.Tensor, reach: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """A number a cell, in raster order from the first row and column in use.

    Args:
        here: ``[B, N]`` bool, instances that count.
        row: ``[B, N]`` long.
        col: ``[B, N]`` long.
        reach: steps of up to this many columns beyond the last never meet another cell's number.

    Returns:
        Keys ``[B, N]``, at least 0 where ``here``, and the step of one row, ``[B, 1]``.
    """
    first_row, _ = _span(here, row)
    first_col, last_col = _span(here, col)
    width = (last_col - first_col).clamp_min(0) + 1 + reach
    return (row - first_row) * width + col - first_col, width


def _span(here: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Least and largest value ``[B, 1]`` where ``here``; also for an empty bag."""
    far = values.new_full([values.shape[0], 1], 1 << 40)
    least = torch.cat([torch.where(here, values, 1 << 40), far], 1).amin(1, keepdim=True)
    most = torch.cat([torch.where(here, values, -(1 << 40)), -far], 1).amax(1, keepdim=True)
    return least, most
