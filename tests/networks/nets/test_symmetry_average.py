"""Averages over turned and mirrored copies."""

import pytest
import torch
from torch import nn

from monai_ext.networks.nets.symmetry_average import SymmetryAverage


class Lopsided(nn.Module):
    """Logits that depend on where a pixel's neighbours are."""

    def forward(self, x):
        self.seen = [*getattr(self, "seen", []), x]
        return torch.cat([x.roll(1, -1), 2 * x.roll(1, -2), x[:, :1] * 0], 1)


@pytest.fixture
def images(rng):
    return torch.randn(2, 2, 5, 7, generator=rng, dtype=torch.float)


def test_probabilities_are_the_mean_over_all_eight_copies(images):
    net, total = Lopsided(), 0
    for turns in range(4):
        for mirrored in (False, True):
            copy = images.flip(-1) if mirrored else images
            chance = net(copy.rot90(turns, (2, 3))).softmax(1).rot90(-turns, (2, 3))
            total = total + (chance.flip(-1) if mirrored else chance)
    found = SymmetryAverage(net, 8)(images).softmax(1)
    torch.testing.assert_close(found, total / 8)
    assert (found - net(images).softmax(1)).abs().max() > 0.05


def test_the_average_turns_and_mirrors_with_the_image(images):
    look = SymmetryAverage(Lopsided(), 8)
    plain = look(images)
    torch.testing.assert_close(look(images.rot90(1, (2, 3))), plain.rot90(1, (2, 3)))
    torch.testing.assert_close(look(images.flip(2)), plain.flip(2))
    mirrored = SymmetryAverage(Lopsided(), 4)
    torch.testing.assert_close(mirrored(images.flip(2)), mirrored(images).flip(2))
    half = SymmetryAverage(Lopsided(), 2)
    torch.testing.assert_close(half(images.flip(3)), half(images).flip(3))


@pytest.mark.parametrize("number", [1, 2, 4, 8])
def test_it_asks_once_a_symmetry_and_each_copy_is_another(images, number):
    net = Lopsided()
    found = SymmetryAverage(net, number)(images)
    assert found.shape == (2, 5, 5, 7)
    assert len(net.seen) == number
    assert len({x.contiguous().numpy().tobytes() for x in net.seen}) == number
    if number == 1:
        assert torch.equal(found, Lopsided()(images))


def test_other_numbers_are_refused():
    for number in (0, 3, 16):
        with pytest.raises(ValueError, match=f"symmetries={number}"):
            SymmetryAverage(Lopsided(), number)
