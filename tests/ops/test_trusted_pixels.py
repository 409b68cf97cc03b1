"""As many trusted pixels as confident ones, every class in its share."""

import pytest
import torch

from monai_ext.ops.trusted_pixels import trusted_pixels


def some(rng, classes=3):
    pseudo = torch.randint(0, classes, (2, 40, 40), generator=rng)
    confidence = 0.4 + 0.6 * torch.rand(2, 40, 40, generator=rng) ** (1 + pseudo)
    pseudo[0, :5] = 255
    return confidence, pseudo


def test_every_class_trusts_the_same_share_of_its_pixels_the_surest(rng):
    confidence, pseudo = some(rng)
    found = trusted_pixels(confidence, pseudo, 0.9, 3)
    counted = pseudo != 255
    share = float((confidence >= 0.9)[counted].double().mean())
    assert 0.05 < share < 0.3
    for c in range(3):
        mine = pseudo == c
        assert abs(int((found & mine).sum()) - share * int(mine.sum())) <= 0.5
        assert confidence[mine & found].min() > confidence[mine & ~found].max()
    assert not found[~counted].any()


def test_one_threshold_would_not(rng):
    confidence, pseudo = some(rng)
    shares = [float((confidence >= 0.9)[pseudo == c].double().mean()) for c in range(3)]
    assert max(shares) > 2 * min(shares)


def test_a_class_of_a_few_sure_pixels_does_not_make_all_others_count():
    pseudo = torch.zeros(1, 100, 100, dtype=torch.long)
    pseudo[0, 0, :3] = 1
    confidence = torch.full((1, 100, 100), 0.6)
    confidence[0, 0, :3] = 0.99
    assert trusted_pixels(confidence, pseudo, 0.95, 2).sum() <= 3


def test_a_class_that_is_sure_alone_brings_the_others_in(rng):
    pseudo = torch.randint(0, 2, (1, 50, 50), generator=rng)
    confidence = torch.where(pseudo == 1, 0.97, 0.5 + 0.4 * torch.rand(1, 50, 50, generator=rng))
    found = trusted_pixels(confidence, pseudo, 0.95, 2)
    part = float((pseudo == 1).double().mean())
    assert abs(float(found[pseudo == 0].double().mean()) - part) < 0.01


@pytest.mark.parametrize("tau", [1.01, 0.0])
def test_the_ends_are_none_and_all(rng, tau):
    confidence, pseudo = some(rng)
    found = trusted_pixels(confidence, pseudo, tau, 3)
    assert torch.equal(found, (pseudo != 255) & (tau < 1))


def test_without_pixels_that_count_none_is_trusted():
    nothing = torch.full((1, 4, 4), 255)
    assert not trusted_pixels(torch.ones(1, 4, 4), nothing, 0.5, 2).any()
