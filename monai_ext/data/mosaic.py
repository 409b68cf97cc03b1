"""Mosaics as bags: composed in memory from one feature bank, with truth for every tile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from monai.data.dataset import Dataset
from monai.data.meta_tensor import MetaTensor
from torch import Tensor

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.ops.bag_layout import pack_bag


class MosaicTiles(NamedTuple):
    """Where the N tiles of a mosaic lie and come from; levels finest first, raster order.

    All ``[N]`` int64.
    """

    level: np.ndarray
    row: np.ndarray
    col: np.ndarray
    block: np.ndarray
    """Which image of the mosaic the features come from, 0 to B - 1."""
    tile: np.ndarray
    """Which tile of that image's level."""


class MosaicDataset(Dataset):
    """Mosaics as ``{"image", "label", "slide", "patient", "malignant", "gland"}``.

    ``image`` is the bag ``[4 + D, N]``; ``malignant`` (bool) and ``gland`` (share of the tile
    inside glands) are the truth, ``[N]`` in the order of the bag. A mosaic is its own patient.

    Args:
        bank: features of all images.
        recipes: the mosaics.
        transform: applied to each item, e.g. ``RegionPartitiond``.
        is_block_region: the region row holds the place of the tile's image in the mosaic:
            the best partition there can be. Otherwise no tile has a region yet.
    """

    def __init__(
        self,
        bank: MosaicBank,
        recipes: Sequence[MosaicRecipe],
        transform: Callable[[dict[str, Any]], Any] | None = None,
        *,
        is_block_region: bool = False,
    ) -> None:
        super().__init__(recipes, transform)
        self.bank, self.is_block_region = bank, is_block_region

    def _transform(self, index: int) -> Any:
        item = self.compose(self.data[index])
        return item if self.transform is None else self.transform(item)

    def compose(self, recipe: MosaicRecipe) -> dict[str, Any]:
        """One item before the transform."""
        tiles = place_tiles(self.bank.shapes, recipe)
        images = np.asarray(recipe.images)[tiles.block]
        region = self._block_of_place(recipe, tiles) if self.is_block_region else None
        bag = pack_bag(
            self._gather(self.bank.features, tiles, images),
            *(torch.from_numpy(index) for index in tiles[:3]),
            region=region,
        )
        gland = self._gather([g[..., None] for g in self.bank.glands], tiles, images)
        return {
            "image": MetaTensor(bag, meta={"slide": recipe.slide}),
            "label": recipe.label,
            "slide": recipe.slide,
            "patient": recipe.slide,
            "malignant": torch.from_numpy(np.asarray(self.bank.labels)[images] == 1),
            "gland": gland[:, 0],
        }

    def _gather(
        self, levels: Sequence[np.ndarray], tiles: MosaicTiles, images: np.ndarray
    ) -> Tensor:
        parts = []
        for level, values in enumerate(levels):
            here = tiles.level == level
            parts.append(torch.from_numpy(values[images[here], tiles.tile[here]]))
        return torch.cat(parts)

    def _block_of_place(self, recipe: MosaicRecipe, tiles: MosaicTiles) -> Tensor:
        """The block a tile's position belongs to, wherever its features come from."""
        shapes = np.asarray(self.bank.shapes)[tiles.level]
        block = tiles.row // shapes[:, 0] * recipe.grid[1] + tiles.col // shapes[:, 1]
        return torch.from_numpy(block)


def place_tiles(shapes: Sequence[tuple[int, int]], recipe: MosaicRecipe) -> MosaicTiles:
    """Positions and sources of all tiles of a mosaic.

    With a scatter seed the tiles of each level change places at random over the whole
    mosaic, each level by its own permutation. The set of tiles, and so all that a method
    without positions can see, stays the same; neighbours, regions and the kinship between
    levels are destroyed. It is done tile by tile because the malignant image would else
    survive as patches that a region method still finds.

    Args:
        shapes: rows and columns of a block, a level each.
        recipe: the mosaic.
    """
    rng = None if recipe.scatter_seed is None else np.random.default_rng(recipe.scatter_seed)
    levels = []
    for level, (rows, cols) in enumerate(shapes):
        row, col = np.indices((recipe.grid[0] * rows, recipe.grid[1] * cols)).reshape(2, -1)
        block = row // rows * recipe.grid[1] + col // cols
        tile = row % rows * cols + col % cols
        if rng is not None:
            order = rng.permutation(len(row))
            block, tile = block[order], tile[order]
        levels.append(np.stack([np.full_like(row, level), row, col, block, tile]))
    return MosaicTiles(*np.concatenate(levels, axis=1).astype(np.int64))
