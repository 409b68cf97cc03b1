"""Counts, uniformity and limits of a random choice."""

import pytest
import torch

from monai_ext.ops.random_subset import random_subset


@pytest.mark.parametrize(
    ("rate", "n", "count"), [(0.7, 10, 7), (0.7, 9, 6), (0.1, 5, 1), (0.99, 4, 3), (0.7, 1, 0)]
)
def test_count_is_the_share_but_never_none_and_never_all(rng, rate, n, count):
    mask = torch.zeros(2, 12).bool()
    mask[0, :n] = True
    mask[1, 12 - n :] = True
    chosen = random_subset(mask, rate, rng)
    assert chosen.sum(1).tolist() == [count, count]
    assert not (chosen & ~mask).any()


def test_every_entry_is_equally_likely(rng):
    mask = (torch.arange(10) != 3).expand(4000, 10)
    share = random_subset(mask, 0.5, rng).float().mean(0)
    torch.testing.assert_close(share, mask[0] * 4 / 9, rtol=0, atol=0.03)


def test_draws_differ_and_follow_the_generator(rng):
    mask = torch.ones(1, 50).bool()
    first = random_subset(mask, 0.5, rng)
    assert not torch.equal(first, random_subset(mask, 0.5, rng))
    assert torch.equal(first, random_subset(mask, 0.5, rng.manual_seed(0)))


def test_an_empty_row_has_no_choice(rng):
    assert not random_subset(torch.zeros(1, 3).bool(), 0.5, rng).any()
    assert random_subset(torch.zeros(1, 0).bool(), 0.5, rng).shape == (1, 0)
