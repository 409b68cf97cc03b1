"""Trust in pseudo-labels: confidence, or the surest class's share of every class."""

import pytest
import torch

from monai_ext.ops.trusted_pixels import trusted_pixels


@pytest.fixture
def case(rng):
    """Class 0 is far surer than class 1, class 2 is never predicted."""
    pseudo = torch.randint(2, (2, 20, 20), generator=rng)
    draw = torch.rand(2, 20, 20, generator=rng, dtype=torch.double)
    confidence = torch.where(pseudo == 0, 0.6 + 0.4 * draw, 0.34 + 0.5 * draw)
    pseudo[0, :3] = 255
    return confidence, pseudo


def test_unbalanced_trust_is_confidence_alone(case):
    confidence, pseudo = case
    found = trusted_pixels(confidence, pseudo, 0.9, 3)
    assert torch.equal(found, (confidence >= 0.9) & (pseudo != 255))
    assert not found[pseudo == 1].any(), "class 1 never reaches the threshold"


def test_balanced_trust_takes_the_surest_share_of_every_class(case):
    confidence, pseudo = case
    found = trusted_pixels(confidence, pseudo, 0.9, 3, balanced=True)
    assert torch.equal(found[pseudo == 0], confidence[pseudo == 0] >= 0.9)
    assert not found[pseudo == 255].any()
    share = (confidence[pseudo == 0] >= 0.9).double().mean().item()
    other = confidence[pseudo == 1].sort(descending=True).values
    lowest = other[round(share * len(other)) - 1]
    assert 0.1 < share < 0.4
    assert torch.equal(found[pseudo == 1], confidence[pseudo == 1] >= lowest)


def test_equally_sure_classes_are_trusted_as_without_balance(rng):
    half = torch.rand(2, 10, 10, generator=rng, dtype=torch.double)
    confidence, pseudo = torch.cat([half, half]), torch.zeros(4, 10, 10, dtype=torch.long)
    pseudo[2:] = 1
    plain, balanced = (
        trusted_pixels(confidence, pseudo, 0.7, 2, balanced=b) for b in (False, True)
    )
    assert torch.equal(plain, balanced)
    assert 0.1 < plain.double().mean() < 0.6


@pytest.mark.parametrize("balanced", [False, True])
def test_nothing_is_trusted_above_one_and_everything_at_zero(case, balanced):
    confidence, pseudo = case
    assert not trusted_pixels(confidence, pseudo, 1.01, 3, balanced=balanced).any()
    everything = trusted_pixels(confidence, pseudo, 0.0, 3, balanced=balanced)
    assert torch.equal(everything, pseudo != 255)
