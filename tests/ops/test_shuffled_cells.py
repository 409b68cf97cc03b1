"""A fixed permutation of places: nothing drawn, nothing lost, neighbours gone."""

import pytest
import torch

from monai_ext.ops.bag_layout import BagParts, pad_bags, unpack_bag
from monai_ext.ops.shuffled_cells import shuffled_cells
from monai_ext.testing.random_bags import random_bag


@pytest.fixture
def parts(rng: torch.Generator) -> BagParts:
    bags = [random_bag(1, size, generator=rng, keep=0.7) for size in ((5, 4), (2, 2))]
    return unpack_bag(pad_bags(bags))


def shuffle(parts: BagParts, seed: int = 0) -> torch.Tensor:
    found = shuffled_cells(parts.level, parts.row, parts.col, 0, seed)
    return torch.stack(found, 2)


def places(parts: BagParts) -> torch.Tensor:
    return torch.stack([parts.row, parts.col], 2)


def test_places_are_dealt_among_the_same_tiles(parts):
    found, before = shuffle(parts), places(parts)
    for b in range(2):
        here = parts.level[b] == 0
        assert sorted(found[b, here].tolist()) == sorted(before[b, here].tolist())
        assert torch.equal(found[b, ~here], before[b, ~here])


def test_few_tiles_stay_and_few_neighbours_remain(parts):
    here = parts.level[0] == 0
    found, before = shuffle(parts)[0, here].float(), places(parts)[0, here].float()
    assert (found == before).all(1).float().mean() < 0.1
    near = torch.cdist(before, before) <= 1.5
    still = torch.cdist(found, found) <= 1.5
    off = ~torch.eye(len(near)).bool()
    assert (still & near & off).sum() < 0.15 * (near & off).sum()
    assert (still & off).sum() == (near & off).sum()


def test_the_same_bag_is_shuffled_alike_in_any_order(parts, rng):
    order = torch.randperm(parts.level.shape[1], generator=rng)
    mixed = BagParts(*(value[:, order] for value in parts))
    assert torch.equal(shuffle(mixed), shuffle(parts)[:, order])
    assert torch.equal(shuffle(parts), shuffle(parts))


def test_an_offset_of_the_grid_moves_the_shuffled_places_with_it(parts):
    moved = parts._replace(row=parts.row + 11, col=parts.col - 5)
    here = parts.level == 0
    expected = shuffle(parts) + torch.tensor([11, -5])
    assert torch.equal(shuffle(moved)[here], expected[here])


def test_padding_changes_nothing(parts):
    alone = BagParts(*(value[1:, : int((parts.level[1] >= 0).sum())] for value in parts))
    assert torch.equal(shuffle(alone)[0], shuffle(parts)[1, : alone.level.shape[1]])


def test_another_seed_is_another_permutation(parts):
    here = parts.level == 0
    assert (shuffle(parts, 1) != shuffle(parts, 0)).any(2)[here].float().mean() > 0.9


def test_script_is_the_eager_one_and_an_empty_bag_passes(parts):
    scripted = torch.jit.script(shuffled_cells)(parts.level, parts.row, parts.col, 0, 3)
    assert torch.equal(torch.stack(scripted, 2), shuffle(parts, 3))
    empty = BagParts(*(value[:, :0] for value in parts))
    assert shuffle(empty).shape == (2, 0, 2)
