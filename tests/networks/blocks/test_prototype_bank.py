"""Prototypes follow their own pixels, and nothing else moves them."""

import pytest
import torch
from torch.nn.functional import normalize

from monai_ext.networks.blocks.prototype_bank import PrototypeBank


def unit(rng, *shape):
    return normalize(torch.randn(*shape, generator=rng), dim=-1)


@pytest.fixture
def bank(rng):
    bank = PrototypeBank(3, 2, 5, momentum=0.9)
    bank.vectors.copy_(unit(rng, 3, 2, 5))
    bank.ready.fill_(value=True)
    return bank


def test_update_is_its_equation_and_absent_prototypes_stay_as_they_are(bank, rng):
    before, pixels = bank.vectors.clone(), unit(rng, 20, 5)
    labels = torch.tensor([0, 2]).repeat(10)
    assignment = torch.where(labels == 0, torch.arange(20) // 10, 1)
    bank.update(pixels, labels, assignment)
    for c in range(3):
        for k in range(2):
            mine = pixels[(labels == c) & (assignment == k)]
            if not len(mine):
                assert torch.equal(bank.vectors[c, k], before[c, k])
                continue
            mean = mine.sum(0) / mine.sum(0).norm()
            moved = 0.9 * before[c, k] + 0.1 * mean
            torch.testing.assert_close(bank.vectors[c, k], moved / moved.norm())
    torch.testing.assert_close(bank.vectors.norm(dim=2), torch.ones(3, 2))


def test_with_momentum_one_nothing_moves(bank, rng):
    bank.momentum, before = 1.0, bank.vectors.clone()
    bank.update(unit(rng, 9, 5), torch.arange(9) % 3, torch.arange(9) % 2)
    assert torch.equal(bank.vectors, before)


def test_a_class_that_has_not_begun_is_not_moved(bank, rng):
    bank.ready[1], before = False, bank.vectors.clone()
    bank.update(unit(rng, 9, 5), torch.ones(9, dtype=torch.long), torch.arange(9) % 2)
    assert torch.equal(bank.vectors, before)


def test_prototypes_are_no_weights_and_take_no_gradient(bank, rng):
    pixels = unit(rng, 6, 5).requires_grad_()
    bank.update(pixels, torch.zeros(6, dtype=torch.long), torch.zeros(6, dtype=torch.long))
    assert not list(bank.parameters())
    assert not bank.vectors.requires_grad
    assert set(bank.state_dict()) == {"vectors", "ready"}


def test_a_class_starts_on_its_own_pixels_well_apart(rng):
    corners = torch.eye(4)
    pixels = normalize(corners.repeat(25, 1) + 0.02 * torch.randn(100, 4, generator=rng), dim=1)
    labels = torch.arange(100) % 4 // 2  # class 0: corners 0 and 1, class 1: 2 and 3
    bank = PrototypeBank(3, 2, 4)
    bank.start(pixels, labels)
    assert bank.ready.tolist() == [True, True, False]
    found = (bank.vectors[:2] @ corners.T).argmax(-1).sort(1).values
    assert found.tolist() == [[0, 1], [2, 3]]
    torch.testing.assert_close(bank.vectors[:2].norm(dim=2), torch.ones(2, 2))
    assert bank.vectors[2].abs().max() == 0


def test_a_class_starts_once_and_not_with_fewer_pixels_than_prototypes(rng):
    bank = PrototypeBank(2, 3, 4)
    bank.start(unit(rng, 5, 4), torch.tensor([0, 0, 0, 1, 1]))
    assert bank.ready.tolist() == [True, False]
    first = bank.vectors.clone()
    bank.start(unit(rng, 6, 4), torch.tensor([0, 0, 0, 1, 1, 1]))
    assert torch.equal(bank.vectors[0], first[0])
    assert bank.ready.all()


def test_the_same_seed_starts_alike(rng):
    pixels, labels = unit(rng, 200, 4), torch.zeros(200, dtype=torch.long)
    banks = [PrototypeBank(1, 3, 4, seed=s) for s in (0, 0, 1)]
    for each in banks:
        each.start(pixels, labels)
    assert torch.equal(banks[0].vectors, banks[1].vectors)
    assert not torch.equal(banks[0].vectors, banks[2].vectors)
