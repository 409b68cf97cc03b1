"""Label by place: a lesion in one piece, or the same lesion tiles scattered."""

from __future__ import annotations

import torch
from torch import Tensor

from monai_ext.experiments.planted_draw import PlantedPart, pair_labels
from monai_ext.ops.bag_layout import pack_bag


def contiguous_bags(
    count: int,
    generator: torch.Generator,
    *,
    side: int,
    width: int,
    lesion: int,
    shift: float,
    is_scattered: bool = False,
) -> PlantedPart:
    """Bags on a grid, where positive and negative differ by nothing but places.

    The two bags of a pair hold the **same** feature vectors, so all their histograms are equal
    and every model that looks past the places gives them the same score: AUC exactly 0.5. In the
    positive bag the lesion tiles are one piece, grown at random; in the negative bag they lie
    anywhere, and by chance some touch.

    Args:
        count: bags, even.
        generator: source of the random numbers.
        side: of the square grid; a bag has ``side ** 2`` instances in raster order.
        width: D; background is standard normal.
        lesion: lesion tiles of every bag.
        shift: of the first feature of a lesion tile.
        is_scattered: the control: scattered in positive bags too, so there is nothing to learn.
    """
    tiles = side * side
    bags, truth = [], []
    for _ in range(count // 2):
        features = torch.randn(tiles, width, generator=generator)
        features[:lesion, 0] += shift
        for is_positive in (False, True):
            grow = _piece if is_positive and not is_scattered else _scattered
            here = grow(side, lesion, generator)
            bags.append(_on_grid(features, here, side, generator))
            truth.append(here & is_positive)
    return PlantedPart(torch.stack(bags), pair_labels(count), torch.stack(truth))


def isolated_bags(
    count: int, generator: torch.Generator, *, side: int, width: int, shift: float
) -> PlantedPart:
    """Bags on a grid; one instance anywhere makes a bag positive.

    Neighbours tell nothing about it, and averaging over them hides it.

    Args:
        count: bags, even.
        generator: source of the random numbers.
        side: of the square grid.
        width: D; background is standard normal.
        shift: of the first feature of that instance.
    """
    tiles = side * side
    features = torch.randn(count, tiles, width, generator=generator)
    place = torch.randint(tiles, (count,), generator=generator)
    truth = torch.zeros(count, tiles, dtype=torch.bool)
    truth[torch.arange(count), place] = pair_labels(count) == 1
    features[..., 0] += shift * truth
    level, row, col = _grid(side)
    bags = torch.stack([pack_bag(x, level, row, col) for x in features])
    return PlantedPart(bags, pair_labels(count), truth)


def _on_grid(features: Tensor, here: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Deal the first features to the marked cells and the others to the rest, at random."""
    lesion = int(here.sum())
    dealt = torch.empty_like(features)
    dealt[here] = features[:lesion][torch.randperm(lesion, generator=generator)]
    rest = torch.randperm(len(features) - lesion, generator=generator)
    dealt[~here] = features[lesion:][rest]
    return pack_bag(dealt, *_grid(side))


def _grid(side: int) -> tuple[Tensor, Tensor, Tensor]:
    cells = torch.arange(side * side)
    return torch.zeros_like(cells), cells // side, cells % side


def _scattered(side: int, lesion: int, generator: torch.Generator) -> Tensor:
    here = torch.zeros(side * side, dtype=torch.bool)
    here[torch.randperm(side * side, generator=generator)[:lesion]] = True
    return here


def _piece(side: int, lesion: int, generator: torch.Generator) -> Tensor:
    """Cells of one piece: again and again a random cell that touches it by an edge joins."""
    here = torch.zeros(side, side, dtype=torch.bool)
    start = torch.randint(side * side, (1,), generator=generator).item()
    here.view(-1)[int(start)] = True
    for _ in range(lesion - 1):
        edge = _touching(here) & ~here
        cells = edge.view(-1).nonzero().squeeze(1)
        chosen = torch.randint(len(cells), (1,), generator=generator)
        here.view(-1)[cells[chosen]] = True
    return here.view(-1)


def _touching(here: Tensor) -> Tensor:
    """Cells that share an edge with a marked one."""
    out = torch.zeros_like(here)
    out[1:] |= here[:-1]
    out[:-1] |= here[1:]
    out[:, 1:] |= here[:, :-1]
    out[:, :-1] |= here[:, 1:]
    return out
