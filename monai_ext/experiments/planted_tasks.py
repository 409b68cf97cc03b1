"""All tasks with a planted truth by name, with their controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from monai_ext.experiments.planted_contiguous import contiguous_bags, isolated_bags
from monai_ext.experiments.planted_draw import (
    MakeBags,
    PlantedDraw,
    PlantedPart,
    PlantedTask,
    draw_parts,
)
from monai_ext.experiments.planted_levels import (
    finest_level_bags,
    middle_level_bags,
    permuted_regions,
)
from monai_ext.experiments.planted_text import (
    TextBagPlan,
    shuffled_text,
    text_bags,
    text_world,
)


@dataclass(frozen=True)
class PlantedSizes:
    """Sizes of all tasks; each may differ in the numbers that make it hard, not in kind.

    Args:
        training: bags to train on, of all tasks but the few-shot ones.
        test: bags to test on.
        contiguous: further arguments of :func:`contiguous_bags`.
        isolated: of :func:`isolated_bags`.
        middle_level: of :func:`middle_level_bags`.
        finest_level: of :func:`finest_level_bags`.
        shots: bags a class of the few-shot tasks.
        text: of :func:`text_bags`.
        text_width: D of the few-shot tasks.
        closeness: of :func:`text_world`.
    """

    training: int
    test: int
    contiguous: dict[str, Any]
    isolated: dict[str, Any]
    middle_level: dict[str, Any]
    finest_level: dict[str, Any]
    shots: Sequence[int]
    text: TextBagPlan
    text_width: int
    closeness: float


def planted_tasks(sizes: PlantedSizes) -> dict[str, PlantedTask]:
    """Tasks by name, each a function of a seed.

    ``contiguous``: only places tell; ``scattered``: its control, nothing tells. ``isolated``: one
    instance anywhere. ``middle_level``: only the common regions of levels tell;
    ``middle_level_permuted``: its control. ``finest_level``: noise beside the level that tells.
    For each number k of shots ``text_k<k>``; ``text_shuffled_k<k>``: its control;
    ``text_orthogonal_k<k>``: no text knows the direction; ``text_named_k<k>``: texts name what
    lies around the signs too.
    """
    contiguous = partial(contiguous_bags, **sizes.contiguous)
    middle = partial(middle_level_bags, **sizes.middle_level)
    many = {
        "contiguous": contiguous,
        "scattered": partial(contiguous, is_scattered=True),
        "isolated": partial(isolated_bags, **sizes.isolated),
        "middle_level": middle,
        "middle_level_permuted": partial(_permuted, middle),
        "finest_level": partial(finest_level_bags, **sizes.finest_level),
    }
    tasks: dict[str, PlantedTask] = {
        name: partial(draw_parts, make, training=sizes.training, test=sizes.test)
        for name, make in many.items()
    }
    for k in sizes.shots:
        for name in ("text", "text_shuffled", "text_orthogonal", "text_named"):
            tasks[f"{name}_k{k}"] = partial(_text_draw, sizes, name, k)
    return tasks


def _permuted(make: MakeBags, count: int, generator: torch.Generator) -> PlantedPart:
    return permuted_regions(make(count, generator), generator)


def _text_draw(sizes: PlantedSizes, name: str, shots: int, seed: int) -> PlantedDraw:
    world = text_world(
        sizes.text_width, seed, sizes.closeness, is_tissue_named=name == "text_named"
    )
    text = world.text
    if name == "text_shuffled":
        text = shuffled_text(text, torch.Generator().manual_seed(seed))
    make = partial(text_bags, world=world, plan=sizes.text, is_spoken=name != "text_orthogonal")
    return draw_parts(make, seed, training=2 * shots, test=sizes.test, text=text)
