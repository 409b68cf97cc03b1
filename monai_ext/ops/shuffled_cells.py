"""The same cells, dealt out anew: the negative control of every spatial method."""

import torch

from monai_ext.ops.grid_neighbors import cell_keys


def shuffled_cells(
    level: torch.Tensor, row: torch.Tensor, col: torch.Tensor, wanted: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give every instance of a level the place of another one of its bag.

    Cells in raster order take the places of the cells in the order of a hash of their position
    relative to the bag's corner. So nothing is drawn: the same bag is always shuffled alike,
    whatever the order of its instances, padding, or an offset of all places.

    Args:
        level: ``[B, N]`` long.
        row: ``[B, N]`` long.
        col: ``[B, N]`` long.
        wanted: the level; other instances keep their place.
        seed: another one gives another permutation.

    Returns:
        Rows and columns, ``[B, N]`` long each.

    Example:
        >>> zero, col = torch.zeros(1, 5).long(), torch.arange(5)[None]
        >>> shuffled_cells(zero, zero, col, 0, seed=0)[1].sort().values.tolist()
        [[0, 1, 2, 3, 4]]
    """
    here = level == wanted
    keys, _ = cell_keys(here, row, col, 0)
    last = 1 << 62
    _, raster = torch.sort(torch.where(here, keys, last), dim=1, stable=True)
    _, dealt = torch.sort(torch.where(here, _hashed(keys, seed), last), dim=1, stable=True)
    new_row = torch.zeros_like(row).scatter(1, raster, row.gather(1, dealt))
    new_col = torch.zeros_like(col).scatter(1, raster, col.gather(1, dealt))
    return torch.where(here, new_row, row), torch.where(here, new_col, col)


def _hashed(keys: torch.Tensor, seed: int) -> torch.Tensor:
    """A bijection of 32-bit numbers: different cells stay different."""
    low = (1 << 32) - 1
    x = (keys + seed * 2654435769) & low
    x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & low
    x = ((x ^ (x >> 12)) * 0x297A2D39) & low
    return x ^ (x >> 15)
