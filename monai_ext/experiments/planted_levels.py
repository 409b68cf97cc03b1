"""Label at one magnification: the middle one inside salient regions, or the finest alone."""

from __future__ import annotations

import torch
from torch import Tensor

from monai_ext.experiments.planted_draw import PlantedPart, pair_labels
from monai_ext.ops.bag_layout import pack_bag

LEVELS = (0, 1, 2)
MIDDLE = 1


def middle_level_bags(
    count: int,
    generator: torch.Generator,
    *,
    cells: tuple[int, int],
    width: int,
    salient: int,
    shift: float,
) -> PlantedPart:
    """Slides of three levels whose label is where a middle-level sign lies.

    Each coarsest cell is a region of 1, 4 and 16 tiles. Some regions are salient at the finest
    level. In a positive bag the middle-level tiles of just these carry a sign; in the negative
    bag of its pair the **same** middle-level tiles are dealt so that the sign lies in as many
    regions that are not salient. All histograms of all levels are equal within a pair, and so are
    all sets of regions of a level: no level tells anything by itself, only which region of one
    is which of another. Models whose levels are independent have an AUC of exactly 0.5.

    Args:
        count: bags, even.
        generator: source of the random numbers.
        cells: rows and columns of the coarsest grid; m is their product.
        width: D of all levels; noise is standard normal.
        salient: salient regions of a bag, at most half of all.
        shift: of the first feature (salience, finest level) and of the second (sign, middle
            level), of every tile of such a region.

    Raises:
        ValueError: if more than half of the regions are salient.
    """
    m = cells[0] * cells[1]
    if not 1 <= salient <= m // 2:
        raise ValueError(f"salient={salient} regions of {m}: between 1 and half of them, {m // 2}")
    level, row, col, region = level_grid(cells)
    middle = level == MIDDLE
    bags, truth = [], []
    for _ in range(count // 2):
        plain = torch.randn(len(level), width, generator=generator)
        plain[:, 0] += shift * ((level == 0) & (region < salient))
        plain[:, 1] += shift * (middle & (region < salient))
        for is_positive in (False, True):
            order = torch.randperm(m, generator=generator)
            signed = order if is_positive else order.roll(salient)
            bag = _dealt(plain, level, region, {0: order, MIDDLE: signed})
            bags.append(pack_bag(bag, level, row, col, region))
            truth.append(middle & torch.isin(region, signed[:salient]) & is_positive)
    return PlantedPart(torch.stack(bags), pair_labels(count), torch.stack(truth))


def _dealt(features: Tensor, level: Tensor, region: Tensor, orders: dict[int, Tensor]) -> Tensor:
    """Move whole regions: at level k the tiles of region r go to region ``orders[k][r]``."""
    out = features.clone()
    for k, order in orders.items():
        here = (level == k).nonzero().squeeze(1)
        # tiles by region, raster order within it
        by_region = here[torch.argsort(region[here], stable=True)].view(len(order), -1)
        out[by_region[order]] = features[by_region]
    return out


def finest_level_bags(
    count: int,
    generator: torch.Generator,
    *,
    cells: tuple[int, int],
    width: int,
    tiles: int,
    shift: float,
) -> PlantedPart:
    """Slides of three levels whose label shows in a few tiles of the finest; the rest is noise.

    Args:
        count: bags, even.
        generator: source of the random numbers.
        cells: rows and columns of the coarsest grid.
        width: D of all levels; noise is standard normal.
        tiles: finest tiles of a positive bag that carry the sign, anywhere.
        shift: of their first feature.
    """
    level, row, col, region = level_grid(cells)
    fine = int((level == 0).sum())
    bags, truth = [], []
    for number in range(count):
        features = torch.randn(len(level), width, generator=generator)
        here = torch.zeros(len(level), dtype=torch.bool)
        if number % 2:
            here[torch.randperm(fine, generator=generator)[:tiles]] = True
        features[:, 0] += shift * here
        bags.append(pack_bag(features, level, row, col, region))
        truth.append(here)
    return PlantedPart(torch.stack(bags), pair_labels(count), torch.stack(truth))


def permuted_regions(part: PlantedPart, generator: torch.Generator) -> PlantedPart:
    """The control: region ids of each level but the finest permuted, bag by bag.

    Regions stay whole at every level, but a region is no longer the same tissue at two levels.
    """
    bags = part.bags.mT.clone()
    m = int(bags[..., 3].max()) + 1
    for bag in bags:
        for level in LEVELS[1:]:
            here = bag[:, 0] == level
            order = torch.randperm(m, generator=generator)
            bag[here, 3] = order[bag[here, 3].long()].to(bag.dtype)
    return part._replace(bags=bags.mT)


def level_grid(cells: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Level, row, column and region of all tiles of three levels, by level and raster order."""
    level, row, col = [], [], []
    for k in LEVELS:
        scale = 1 << (LEVELS[-1] - k)
        place = torch.cartesian_prod(torch.arange(cells[0] * scale), torch.arange(cells[1] * scale))
        level.append(torch.full((len(place),), k))
        row.append(place[:, 0])
        col.append(place[:, 1])
    levels, rows, cols = torch.cat(level), torch.cat(row), torch.cat(col)
    shift = LEVELS[-1] - levels
    return levels, rows, cols, (rows >> shift) * cells[1] + (cols >> shift)
