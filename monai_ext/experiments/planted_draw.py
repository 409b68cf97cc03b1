"""Bags with a planted truth: what a part and a draw hold, for all evidence tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from monai_ext.experiments.bag_methods import BagShape
from monai_ext.ops.bag_layout import NUM_INDEX_ROWS


class PlantedPart(NamedTuple):
    """S bags of one length; bags ``2 i`` and ``2 i + 1`` are a pair, the second is positive."""

    bags: Tensor
    """``[S, 4 + D, N]``."""
    labels: Tensor
    """``[S]`` long, 0 and 1 in turn."""
    truth: Tensor
    """``[S, N]`` bool: the instances that make a bag positive; none in negative bags."""


class PlantedDraw(NamedTuple):
    """Both parts of a task, drawn by one seed."""

    training: PlantedPart
    test: PlantedPart
    shape: BagShape
    text: tuple[Tensor, Tensor] | None = None
    """Embeddings of instance texts ``[K_t, D]`` and of class texts ``[C, D]``, where it has any."""


PlantedTask = Callable[[int], PlantedDraw]
"""Seed to draw."""

MakeBags = Callable[[int, torch.Generator], PlantedPart]
"""Number of bags (even) and source of random numbers to bags."""


def draw_parts(
    make: MakeBags,
    seed: int,
    *,
    training: int,
    test: int,
    text: tuple[Tensor, Tensor] | None = None,
) -> PlantedDraw:
    """Draw both parts of a task, independently.

    Args:
        make: of the bags.
        seed: decides everything.
        training: bags to train on, even.
        test: bags to test on, even.
        text: of the task.

    Raises:
        ValueError: if a number of bags is odd or below 2.
    """
    for name, count in (("training", training), ("test", test)):
        if count < 2 or count % 2:
            raise ValueError(f"{name}={count} must be even, at least 2: bags come in pairs")
    generator = torch.Generator().manual_seed(seed)
    parts = make(training, generator), make(test, generator)
    return PlantedDraw(*parts, bag_shape(parts[0].bags), text)


def bag_shape(bags: Tensor, num_classes: int = 2) -> BagShape:
    """Width, levels and number of regions of ``[S, 4 + D, N]``; bags without a region have one."""
    levels = bags[:, 0].long()
    regions = max(1, int(bags[:, 3].max()) + 1)
    known = tuple(torch.unique(levels[levels >= 0]).tolist())
    return BagShape(bags.shape[1] - NUM_INDEX_ROWS, num_classes, known, regions)


def pair_labels(count: int) -> Tensor:
    """0, 1, 0, 1, ..."""
    return torch.arange(count) % 2
