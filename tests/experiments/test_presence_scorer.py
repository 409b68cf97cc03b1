"""More instances never speak against a bag; all concepts are needed."""

import math

import pytest
import torch

from monai_ext.experiments.fit_bags import score_bags
from monai_ext.experiments.presence_scorer import PresenceScorer
from monai_ext.ops.bag_layout import pack_bag, pad_bags


@pytest.fixture
def network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # noqa: TID251  (layers draw from it)
        return PresenceScorer(3, 8, 2).eval()


def bag(features):
    zero = torch.zeros(len(features), dtype=torch.long)
    return pack_bag(features, zero, zero, torch.arange(len(features)))


def odds(network, *features):
    return score_bags(network, pad_bags([bag(x) for x in features]), 50)


def test_one_more_instance_never_lowers_the_score(network, rng):
    few = [torch.randn(4, 3, generator=rng) for _ in range(30)]
    more = [torch.cat([x, 5 * torch.randn(1, 3, generator=rng)]) for x in few]
    gain = odds(network, *more) - odds(network, *few)
    assert gain.min() >= 0
    assert gain.max() > 0.1


def test_copies_and_padding_change_nothing(network, rng):
    few = torch.randn(4, 3, generator=rng)
    many = torch.cat([few, few[:1].expand(40, -1)])
    torch.testing.assert_close(odds(network, few), odds(network, many))
    torch.testing.assert_close(odds(network, few, many), odds(network, few).expand(2))


def test_every_concept_is_needed(network):
    """With scores x and y of the two concepts: the smaller maximum decides."""
    with torch.no_grad():
        network.embed.weight.copy_(torch.eye(8)[:, :3])
        network.embed.bias.zero_()
        network.score.weight.copy_(torch.eye(8)[:2] * 20)
        network.score.bias.fill_(-10)
    one = torch.tensor([[1.0, 0, 0]])
    both = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    found = odds(network, one, both)
    torch.testing.assert_close(found, torch.tensor([-10.0, 10 - math.log(2)]))
