"""One draw of mosaics as two stacks of bags, the same for every method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monai_ext.data.mosaic import MosaicDataset
from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.experiments.reduced_bank import reduce_bank
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.ops.regions import spatial_regions


class MosaicPart(NamedTuple):
    """S mosaics of one size; their region row holds the image's place."""

    bags: Tensor
    """``[S, 4 + D, N]``."""
    labels: Tensor
    """``[S]`` long."""
    truth: Tensor
    """``[S, M]`` long: is the image at each of the M places malignant? For oracles only."""
    malignant: Tensor
    """``[S, N]`` bool: is each tile of a malignant image? For scoring only."""


class MosaicDraw(NamedTuple):
    """Both parts of a draw."""

    training: MosaicPart
    test: MosaicPart
    num_levels: int


def load_draw(bank: MosaicBank, recipes: Sequence[MosaicRecipe], components: int) -> MosaicDraw:
    """Compose a draw from features reduced on its training images.

    Args:
        bank: of all images.
        recipes: of one draw, both parts, one grid.
        components: numbers a tile, see :func:`reduce_bank`.
    """
    of_part = {p: [r for r in recipes if r.part == p] for p in ("training", "test")}
    images = sorted({image for recipe in of_part["training"] for image in recipe.images})
    reduced = reduce_bank(bank, images, components)
    parts = [_compose(reduced, of_part[name]) for name in ("training", "test")]
    return MosaicDraw(*parts, num_levels=bank.num_levels)


def with_regions(
    bags: Tensor, m: int, partition: Callable[..., Tensor] = spatial_regions
) -> Tensor:
    """The same bags cut into m regions as a method would, blind to the images.

    All bags of a draw have one layout, so the first decides.

    Args:
        bags: ``[S, 4 + D, N]``.
        m: regions.
        partition: of level, row, column and m, e.g. ``compact_regions``.
    """
    parts = unpack_bag(bags[:1])
    cut = bags.mT.clone()
    cut[..., 3] = partition(parts.level[0], parts.row[0], parts.col[0], m).to(cut.dtype)
    return cut.mT


def tile_truth(part: MosaicPart, level: int) -> Tensor:
    """Is each tile of a level of a malignant image? ``[S, n]`` long, in the order of the bags."""
    return part.malignant[:, part.bags[0, 0] == level].long()


def region_means(bags: Tensor, num_levels: int) -> Tensor:
    """Mean feature of each region at each level, ``[S, M, levels * D]``."""
    parts = unpack_bag(bags[:1])
    level, region = parts.level[0], parts.region[0]
    means = []
    for k in range(num_levels):
        members = torch.nn.functional.one_hot(region) * (level == k)[:, None]
        shares = members / members.sum(0).clamp_min(1)
        means.append(shares.mT.to(bags.dtype) @ unpack_bag(bags).features)
    return torch.cat(means, dim=-1)


def _compose(bank: MosaicBank, recipes: Sequence[MosaicRecipe]) -> MosaicPart:
    dataset = MosaicDataset(bank, recipes, is_block_region=True)
    items = [dataset.compose(recipe) for recipe in recipes]
    labels = np.asarray(bank.labels)
    return MosaicPart(
        bags=torch.stack([item["image"].as_tensor().mT for item in items]).mT,
        labels=torch.tensor([item["label"] for item in items]),
        truth=torch.from_numpy(labels[np.array([recipe.images for recipe in recipes])]),
        malignant=torch.stack([item["malignant"] for item in items]),
    )
