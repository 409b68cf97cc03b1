import pytest
import torch

from monai_ext.networks.nets.mean_pool import MeanPoolMIL
from monai_ext.testing.random_bags import random_bag

CHANNELS = [7, 5, 6]


@pytest.fixture
def net() -> MeanPoolMIL:
    torch.manual_seed(0)  # noqa: TID251
    return MeanPoolMIL(CHANNELS, 2).eval()


@pytest.fixture
def bag(rng: torch.Generator) -> torch.Tensor:
    return random_bag(CHANNELS, (3, 2), generator=rng, keep=0.5)[None]


def level_means(bag: torch.Tensor) -> list[torch.Tensor]:
    level = bag[0, 0]
    return [bag[0, 4 : 4 + width, level == k].mean(1) for k, width in enumerate(CHANNELS)]


def test_logits_are_linear_in_the_means(net, bag):
    pairs = zip(net.input_layers(), level_means(bag), strict=True)
    expected = sum(layer(mean) for (_, layer), mean in pairs)
    torch.testing.assert_close(net(bag)[0], expected)


def test_standardised_levels_are_used(net, bag):
    before = net(bag)
    mean = level_means(bag)[0]
    net.input_layers()[0][1].set_statistics(mean, torch.full((7,), 2.0))
    layer = net.input_layers()[0][1]
    change = layer.bias - torch.nn.functional.linear(mean, layer.weight, layer.bias)
    torch.testing.assert_close(net(bag)[0] - before[0], change)


def test_absent_level_adds_nothing(net, bag):
    net.input_layers()[1][1].set_statistics(torch.ones(5), torch.ones(5))
    absent = bag[:, :, bag[0, 0] != 1]
    expected = net.input_layers()[0][1](level_means(bag)[0])
    expected = expected + net.input_layers()[2][1](level_means(bag)[2])
    torch.testing.assert_close(net(absent)[0], expected)


def test_every_instance_of_a_level_counts_alike(net, bag):
    attention = net.explain(bag)["attention"]
    for level in range(3):
        here = bag[:, 0] == level
        torch.testing.assert_close(attention[here], torch.full((int(here.sum()),), 1 / here.sum()))
