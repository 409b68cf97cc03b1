"""A draw keeps its parts apart, and regions are the images' places or a method's own."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.experiments.mosaic_draw import load_draw, region_means, with_regions
from monai_ext.experiments.reduced_bank import reduce_bank
from monai_ext.ops.bag_layout import unpack_bag

SHAPES = [(4, 6), (2, 3)]
TRAINING, TEST = range(16), range(16, 32)


@pytest.fixture
def bank(np_rng) -> MosaicBank:
    features = [np_rng.normal(size=(32, r * c, 5)).astype(np.float32) for r, c in SHAPES]
    glands = [np.zeros((32, r * c), np.float32) for r, c in SHAPES]
    names = [str(k) for k in range(32)]
    return MosaicBank(names, names, [k % 2 for k in range(32)], features, glands, SHAPES)


@pytest.fixture
def recipes(np_rng) -> list[MosaicRecipe]:
    """Test mosaics come first, so that the order cannot stand for the part; two images unused."""
    found = []
    for part, members in (("test", TEST), ("training", TRAINING)):
        for k in range(3):
            images = tuple(int(i) for i in np_rng.permutation(members[:14])[:12])
            found.append(MosaicRecipe(f"{part}{k}", 0, part, k % 2, (3, 4), images))
    return found


def test_parts_hold_their_own_mosaics(bank, recipes):
    draw = load_draw(bank, recipes, 3)
    for part, own in ((draw.test, recipes[:3]), (draw.training, recipes[3:])):
        malignant = [[bank.labels[i] for i in recipe.images] for recipe in own]
        assert part.truth.tolist() == malignant
        assert part.labels.tolist() == [0, 1, 0]


def test_changed_test_images_change_no_training_bag(bank, recipes):
    changed = [level.copy() for level in bank.features]
    for level in changed:
        level[list(TEST)] *= -7
    one, other = (load_draw(b, recipes, 3) for b in (bank, replace(bank, features=changed)))
    assert torch.equal(one.training.bags, other.training.bags)
    assert not torch.equal(one.test.bags, other.test.bags)


def test_axes_come_from_the_images_that_training_mosaics_use(bank, recipes):
    """An image of a training patient that is in no mosaic has no say."""
    used = sorted({i for recipe in recipes[3:] for i in recipe.images})
    reduced = reduce_bank(bank, used, 3).features
    for part, own in zip(load_draw(bank, recipes, 3)[:2], (recipes[3:], recipes[:3]), strict=True):
        bags = unpack_bag(part.bags)
        for k, recipe in enumerate(own):
            for place in (0, 7, 11):
                for level in (0, 1):
                    mine = (bags.region[k] == place) & (bags.level[k] == level)
                    expected = torch.from_numpy(reduced[level][recipe.images[place]])
                    torch.testing.assert_close(bags.features[k, mine], expected)


def test_own_regions_change_the_region_row_only(bank, recipes):
    bags = load_draw(bank, recipes, 3).test.bags
    before = bags.clone()
    cut = with_regions(bags, 5)
    assert torch.equal(bags, before)
    rows = [k for k in range(bags.shape[1]) if k != 3]
    assert torch.equal(cut[:, rows], bags[:, rows])
    assert cut[:, 3].unique().tolist() == [0, 1, 2, 3, 4]


def test_region_means_put_levels_side_by_side(bank, recipes):
    bags = load_draw(bank, recipes, 3).training.bags
    means = region_means(bags, 2)
    parts = unpack_bag(bags)
    for level in (0, 1):
        for place in (0, 5):
            mine = (parts.region[1] == place) & (parts.level[1] == level)
            expected = parts.features[1, mine].mean(0)
            torch.testing.assert_close(means[1, place, 3 * level : 3 * level + 3], expected)
