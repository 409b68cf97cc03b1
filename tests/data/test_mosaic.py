"""A bag of a mosaic holds the right tile in the right place, and its truth."""

import numpy as np
import pytest
import torch

from monai_ext.data.mosaic import MosaicDataset, place_tiles
from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.transforms import RegionPartitiond

SHAPES = [(4, 6), (2, 3)]
RECIPE = MosaicRecipe("one", 0, "test", 1, (2, 2), (4, 0, 3, 1))


@pytest.fixture
def bank() -> MosaicBank:
    """Feature 0 is the image, feature 1 the tile's place in it; glands grow with the tile."""
    features, glands = [], []
    for rows, cols in SHAPES:
        image, tile = np.indices((5, rows * cols)).astype(np.float32)
        features.append(np.stack([image, tile], axis=-1))
        glands.append(tile / 100)
    return MosaicBank(list("abcde"), list("12345"), [0, 0, 0, 1, 0], features, glands, SHAPES)


def parts_of(bag: torch.Tensor):
    return [part[0] for part in unpack_bag(bag[None])]


def scattered(seed: int) -> MosaicRecipe:
    return MosaicRecipe("one", 0, "test", 1, (2, 2), (4, 0, 3, 1), seed)


def test_each_tile_comes_from_the_image_at_its_place(bank):
    item = MosaicDataset(bank, [RECIPE])[0]
    level, row, col, region, features = parts_of(item["image"])
    # Level 0, row 5, column 7: lower right image (index 1), its row 1, column 1.
    at = (level == 0) & (row == 5) & (col == 7)
    assert features[at].tolist() == [[1.0, 1 * 6 + 1]]
    at = (level == 1) & (row == 3) & (col == 0)
    assert features[at].tolist() == [[3.0, 3.0]]
    assert len(level) == 4 * (24 + 6)
    assert set(region.tolist()) == {-1}


def test_levels_are_in_raster_order(bank):
    level, row, col, _, _ = parts_of(MosaicDataset(bank, [RECIPE])[0]["image"])
    keys = list(zip(level.tolist(), row.tolist(), col.tolist(), strict=True))
    assert keys == sorted(keys)


def test_truth_follows_the_tiles(bank):
    item = MosaicDataset(bank, [RECIPE])[0]
    features = parts_of(item["image"])[4]
    assert item["malignant"].tolist() == (features[:, 0] == 3).tolist()
    torch.testing.assert_close(item["gland"], features[:, 1] / 100)
    assert (item["label"], item["slide"], item["patient"]) == (1, "one", "one")


def test_block_regions_are_whole_images(bank):
    item = MosaicDataset(bank, [RECIPE], is_block_region=True)[0]
    *_, region, features = parts_of(item["image"])
    assert torch.tensor(RECIPE.images)[region].tolist() == features[:, 0].long().tolist()


def test_scattering_keeps_the_tiles_of_each_level(bank):
    whole = parts_of(MosaicDataset(bank, [RECIPE])[0]["image"])
    torn = parts_of(MosaicDataset(bank, [scattered(5)])[0]["image"])
    for level in (0, 1):
        before, after = (sorted(p[4][p[0] == level].tolist()) for p in (whole, torn))
        assert before == after


def test_scattering_breaks_up_the_images(bank):
    item = MosaicDataset(bank, [scattered(5)], is_block_region=True)[0]
    level, _, _, region, features = parts_of(item["image"])
    for block in range(4):
        assert len(set(features[(region == block) & (level == 0), 0].tolist())) == 4
    assert item["malignant"].tolist() == (features[:, 0] == 3).tolist()


def test_scattering_depends_on_its_seed():
    one, same, other = (place_tiles(SHAPES, scattered(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.tile, same.tile)
    assert (one.tile != other.tile).any()


def test_transform_sees_the_item(bank):
    dataset = MosaicDataset(bank, [RECIPE], RegionPartitiond("image", m=4))
    item = dataset[0]
    region = parts_of(item["image"])[3]
    assert sorted(set(region.tolist())) == [0, 1, 2, 3]
    assert item["image"].meta["slide"] == "one"
