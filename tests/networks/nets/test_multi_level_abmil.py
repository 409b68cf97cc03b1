import pytest
import torch

from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL
from monai_ext.testing.random_bags import random_bag

CHANNELS = [7, 5, 6]


@pytest.fixture
def net() -> MultiLevelABMIL:
    torch.manual_seed(0)  # noqa: TID251
    return MultiLevelABMIL(CHANNELS, 2, hidden_dim=8, attention_dim=4).eval()


@pytest.fixture
def bag(rng: torch.Generator) -> torch.Tensor:
    return random_bag(CHANNELS, (3, 2), generator=rng, keep=0.5)[None]


def test_each_branch_is_abmil_on_its_level(net, bag):
    out = net.explain(bag)
    for k, width in enumerate(CHANNELS):
        here = bag[0, 0] == k
        x = torch.relu(net.embeds[k](bag[0, 4 : 4 + width, here].T))
        pool = net.aggregators[k]
        weights = pool.score(torch.tanh(pool.value(x)) * torch.sigmoid(pool.gate(x))).softmax(0)
        torch.testing.assert_close(out["attention"][0, here], weights[:, 0])
        torch.testing.assert_close(
            out["branch_logits"][0, k], net.classifiers[k]((weights * x).sum(0))
        )
    torch.testing.assert_close(out["logits"][0], net.head(out["branch_logits"].flatten()))


def test_absent_level_predicts_the_bias(net, bag):
    out = net.branch_logits(bag[:, :, bag[0, 0] != 1])
    torch.testing.assert_close(out[0, 1], net.classifiers[1].bias)


def test_regions_are_not_read(net, bag):
    other = bag.clone()
    other[:, 3] = 5
    assert torch.equal(net(other), net(bag))
