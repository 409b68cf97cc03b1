import pytest
import torch

from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.testing.random_bags import random_bag


@pytest.mark.parametrize("keep", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("levels", [(0, 1, 2), (0, 2), (1,)])
def test_every_ancestor_is_there_once_and_no_other(rng, keep, levels):
    bag = random_bag(3, (3, 2), generator=rng, levels=levels, keep=keep, m=4)
    parts = unpack_bag(bag[None])
    tiles = torch.stack([parts.level[0], parts.row[0], parts.col[0]], 1).tolist()
    assert len(set(map(tuple, tiles))) == len(tiles) > 0
    finest = [tile for tile in tiles if tile[0] == levels[0]]
    expected = {
        (level, row >> (level - levels[0]), col >> (level - levels[0]))
        for level in levels
        for _, row, col in finest
    }
    assert set(map(tuple, tiles)) == expected
    assert parts.region.min() == 0


def test_full_grid_has_every_tile(rng):
    level = random_bag(3, (3, 2), generator=rng)[0]
    assert level.long().bincount().tolist() == [96, 24, 6]


def test_narrow_levels_are_padded_with_zeros(rng):
    bag = random_bag([4, 2], (2, 2), generator=rng, levels=(0, 1))
    assert bag[6:, bag[0] == 1].abs().sum() == 0
    assert bag[4:6, bag[0] == 1].abs().min() > 0
    assert bag[4:, bag[0] == 0].abs().min() > 0


def test_same_seed_gives_the_same_bag():
    first, second = (
        random_bag(3, (2, 2), generator=torch.Generator().manual_seed(7), keep=0.5)
        for _ in range(2)
    )
    assert torch.equal(first, second)
    assert first[3].unique().tolist() == [-1]
