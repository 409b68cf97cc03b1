"""What an epoch draws depends on the seed and its number, and on nothing before."""

import random
from types import SimpleNamespace

import numpy as np
import torch
from torch.utils.data import DataLoader

from monai_ext.engines import SeedEpochs, epoch_seed


def start(seed, epoch, **kwargs):
    SeedEpochs(seed, **kwargs)(SimpleNamespace(state=SimpleNamespace(epoch=epoch)))


def draws(seed, epoch):
    """From the three generators, and the order of a shuffled loader."""
    start(seed, epoch)
    order = [int(x) for batch in DataLoader(range(20), batch_size=3, shuffle=True) for x in batch]
    return [random.random(), np.random.random(), float(torch.rand(())), order]  # noqa: S311, NPY002


def test_an_epoch_draws_the_same_whatever_came_before():
    first = draws(3, 2)
    torch.rand(7)
    draws(3, 1)
    assert draws(3, 2) == first


def test_other_epochs_and_seeds_draw_otherwise_from_every_generator():
    found = [draws(3, 2), draws(3, 4), draws(2, 3)]
    for kind in zip(*found, strict=True):
        assert len({str(value) for value in kind}) == 3


def test_epoch_seeds_are_of_32_bits_and_no_two_alike():
    seeds = {epoch_seed(seed, epoch) for seed in range(20) for epoch in range(200)}
    assert len(seeds) == 4000
    assert max(seeds) < 2**32
    assert max(seeds) > 2**31


def test_seed_of_an_epoch_is_the_one_of_earlier_versions():
    """Otherwise a run that is taken up after an update goes another way."""
    assert (epoch_seed(0, 1), epoch_seed(42, 17)) == (4011020074, 1555858305)


def test_samplers_learn_the_epoch_and_transforms_the_seed():
    told = []
    sampler = SimpleNamespace(set_epoch=lambda epoch: told.append(("sampler", epoch)))
    transform = SimpleNamespace(set_random_state=lambda seed: told.append(("transform", seed)))
    start("3", 5, samplers=[sampler], transforms=[transform])
    assert told == [("sampler", 5), ("transform", epoch_seed(3, 5))]


def test_every_process_draws_its_own_and_the_first_as_if_alone():
    assert epoch_seed(3, 2, 0) == epoch_seed(3, 2)
    assert len({epoch_seed(3, epoch, rank) for epoch in range(9) for rank in range(8)}) == 72
    told = []
    transform = SimpleNamespace(set_random_state=told.append)
    for rank in (0, 1):
        start(3, 2, transforms=[transform], rank=rank)
    assert told == [epoch_seed(3, 2), epoch_seed(3, 2, 1)]
