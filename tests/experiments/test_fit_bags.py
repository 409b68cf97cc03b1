"""The loop learns, repeats itself by seed, and leaves the global random state alone."""

import pytest
import torch

from monai_ext.experiments.fit_bags import FitSettings, fit_bags, score_bags
from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL
from monai_ext.ops.bag_layout import pack_bag

SETTINGS = FitSettings(epochs=25, learning_rate=1e-2, weight_decay=0.01, batch_size=4)


def build() -> MultiLevelABMIL:
    return MultiLevelABMIL(3, 2, hidden_dim=8, attention_dim=4, levels=(0,), dropout=0.2)


@pytest.fixture
def data(rng):
    labels = torch.arange(16) % 2
    zero, place = torch.zeros(5, dtype=torch.long), torch.arange(5)
    shifted = [torch.randn(5, 3, generator=rng) + 2 * y for y in labels]
    return torch.stack([pack_bag(x, zero, zero, place) for x in shifted]), labels


def test_easy_bags_are_learnt(data):
    bags, labels = data
    scores = score_bags(fit_bags(build, bags, labels, SETTINGS, 0), bags, 4)
    assert ((scores > 0) == (labels == 1)).float().mean() > 0.9


def test_seed_decides_everything(data):
    bags, labels = data
    one, same, other = (
        score_bags(fit_bags(build, bags, labels, SETTINGS, s), bags, 4) for s in (1, 1, 2)
    )
    torch.testing.assert_close(one, same, rtol=0, atol=0)
    assert (one - other).abs().max() > 1e-3


def test_global_random_state_is_untouched(data):
    before = torch.random.get_rng_state()
    fit_bags(build, *data, SETTINGS, 0)
    torch.testing.assert_close(torch.random.get_rng_state(), before)


def test_network_comes_back_without_dropout(data):
    network = fit_bags(build, *data, SETTINGS, 0)
    first, second = (score_bags(network, data[0], size) for size in (4, 16))
    torch.testing.assert_close(first, second)


class Shifted(torch.nn.Module):
    """Cross-entropy of logits moved by a parameter of the objective."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = torch.nn.Parameter(torch.tensor([50.0, 0.0]))

    def forward(self, network, bags, labels):
        return torch.nn.functional.cross_entropy(network(bags) + self.shift, labels)


def test_parameters_of_the_objective_are_trained_too(data):
    made = []

    def objective():
        made.append(Shifted())
        return made[-1]

    fit_bags(build, *data, SETTINGS, 0, objective)
    assert float(made[0].shift.detach()[0]) < 50.0
