"""Batch normalisation that is not moved by a pass, and otherwise trains as ever."""

import copy

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import nn

from monai_ext.networks.blocks.still_statistics import still_statistics


@pytest.fixture
def network():
    torch.manual_seed(0)  # noqa: TID251
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), BatchNormAct2d(4)).train()


def test_a_still_pass_has_the_same_output_and_gradient_and_leaves_no_trace(network, rng):
    images, other = torch.rand(2, 3, 5, 5, generator=rng), copy.deepcopy(network)
    before = {name: value.clone() for name, value in network.named_buffers()}
    with still_statistics(network):
        still = network(images)
    plain = other(images)
    assert torch.equal(still, plain)
    still.square().sum().backward()
    plain.square().sum().backward()
    assert torch.equal(network[0].weight.grad, other[0].weight.grad)
    assert all(torch.equal(value, before[name]) for name, value in network.named_buffers())
    assert not torch.equal(other[1].running_mean, before["1.running_mean"])


def test_statistics_move_again_afterwards_even_after_an_error(network, rng):
    images = torch.rand(2, 3, 5, 5, generator=rng)
    with pytest.raises(RuntimeError), still_statistics(network):
        network(images[:, :1])
    for k in (1, 2):
        before = network[k].running_mean.clone()
        network(images)
        assert not torch.equal(network[k].running_mean, before)


def test_evaluation_keeps_to_the_running_statistics(network, rng):
    images = torch.rand(2, 3, 5, 5, generator=rng)
    network(images)
    expected = network.eval()(images)
    with still_statistics(network):
        assert torch.equal(network(images), expected)


def test_a_normalisation_without_running_statistics_stays_so(rng):
    norm = nn.BatchNorm2d(3, track_running_stats=False).train()
    with still_statistics(norm):
        norm(torch.rand(2, 3, 4, 4, generator=rng))
    assert norm.track_running_stats is False
