"""Few shots: the class's direction is that of its text, beside strong directions of no meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from monai_ext.experiments.planted_draw import PlantedPart, pair_labels
from monai_ext.ops.bag_layout import pack_bag

_NUISANCE = 6
_WORDING = 4
_NEEDED = 2 + 2 + _WORDING + _NUISANCE + 2


class TextWorld(NamedTuple):
    """Directions in the space that images and texts share, all of length 1."""

    classes: Tensor
    """``[2, D]``, embeddings of the class texts."""
    instances: Tensor
    """``[6, D]``, embeddings of instance texts, three like each class; ``[8, D]`` with tissue."""
    tissue: Tensor
    """``[2, D]``, of the tissue around the signs, in all bags."""
    nuisance: Tensor
    """``[6, D]``, orthogonal to all texts."""
    unspoken: Tensor
    """``[2, D]``, orthogonal to all of these."""

    @property
    def text(self) -> tuple[Tensor, Tensor]:
        """Embeddings of instance and class texts, as a network takes them."""
        return self.instances, self.classes


def text_world(
    width: int, seed: int, closeness: float, *, is_tissue_named: bool = False
) -> TextWorld:
    """Draw directions.

    Args:
        width: D, at least 16.
        seed: decides everything.
        closeness: cosine of a class's text and the instance texts of its kind.
        is_tissue_named: instance texts name the tissue around the signs too, so similarity to
            some text no longer tells a sign from what lies around it.

    Raises:
        ValueError: if D is too small.
    """
    if width < _NEEDED:
        raise ValueError(f"width={width} is too small for all directions: at least {_NEEDED}")
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q.mT
    parts = basis[:_NEEDED].split([2, 2, _WORDING, _NUISANCE, 2])
    classes, tissue, wording, nuisance, unspoken = parts
    mixed = F.normalize(torch.randn(6, _WORDING, generator=generator) @ wording, dim=1)
    rest = (1 - closeness**2) ** 0.5
    texts = closeness * classes.repeat_interleave(3, 0) + rest * mixed
    if is_tissue_named:
        texts = torch.cat([texts, tissue])
    return TextWorld(classes, texts, tissue, nuisance, unspoken)


@dataclass(frozen=True)
class TextBagPlan:
    """Sizes.

    Args:
        tiles: instances of a bag.
        signed: instances of a bag that carry its class's sign.
        sign: length of sign and tissue.
        nuisance: standard deviation along each nuisance direction.
        noise: standard deviation along each coordinate.
    """

    tiles: int
    signed: int
    sign: float
    nuisance: float
    noise: float


def text_bags(
    count: int,
    generator: torch.Generator,
    *,
    world: TextWorld,
    plan: TextBagPlan,
    is_spoken: bool = True,
) -> PlantedPart:
    """Bags in which a few instances point where the class's text does.

    Instance = direction of its kind + the bag's nuisance + noise; kinds are the class's sign and
    two of tissue. The nuisance is one vector a bag, as a stain or a scanner is, and the same for
    all its instances: with a bag or two a class it separates them perfectly, and wrongly.

    Args:
        count: bags, even.
        generator: source of the random numbers.
        world: directions.
        plan: sizes.
        is_spoken: the sign is the direction of the class's text; False: one that no text knows.
    """
    signs = world.classes if is_spoken else world.unspoken
    level, place = torch.zeros(plan.tiles, dtype=torch.long), torch.arange(plan.tiles)
    bags, truth = [], []
    for label in pair_labels(count).tolist():
        kind = torch.randint(len(world.tissue), (plan.tiles,), generator=generator)
        here = torch.zeros(plan.tiles, dtype=torch.bool)
        here[torch.randperm(plan.tiles, generator=generator)[: plan.signed]] = True
        x = torch.where(here[:, None], signs[label], world.tissue[kind]) * plan.sign
        strange = plan.nuisance * torch.randn(len(world.nuisance), generator=generator)
        noise = plan.noise * torch.randn(x.shape, generator=generator)
        bags.append(pack_bag(x + strange @ world.nuisance + noise, level, level, place))
        truth.append(here & (label == 1))
    return PlantedPart(torch.stack(bags), pair_labels(count), torch.stack(truth))


def shuffled_text(text: tuple[Tensor, Tensor], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The control: coordinates of all texts in another order, the same for all.

    Lengths and angles among texts stay; their directions mean nothing to the images any more.
    """
    order = torch.randperm(text[0].shape[1], generator=generator)
    return text[0][:, order], text[1][:, order]
