"""A run standardises by the training bags, and knows where the truth is."""

import pytest
import torch

from monai_ext.experiments.bag_methods import BagMethod
from monai_ext.experiments.bag_run import binary_auc, run_on_draw, trained
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.planted_contiguous import isolated_bags
from monai_ext.experiments.planted_draw import draw_parts
from monai_ext.experiments.planted_levels import middle_level_bags
from monai_ext.networks.nets.mil_baselines import build_mil_baseline

FIT = FitSettings(epochs=25, learning_rate=2e-2, weight_decay=0.0, batch_size=8)
MAX = BagMethod(
    lambda s: build_mil_baseline("max", s.width, 2, [0], hidden_dim=8, dropout=0.0, m=1)
)


def make(count, generator):
    return isolated_bags(count, generator, side=4, width=3, shift=8.0)


@pytest.fixture(scope="module")
def draw():
    return draw_parts(make, 0, training=40, test=40)


def test_easy_task_is_learnt_and_found(draw):
    run = run_on_draw(MAX, draw, FIT, 0)
    assert run.train_auc > 0.95
    assert run.auc > 0.9
    assert run.tiles > 0.9
    assert run.seconds > 0


def test_statistics_are_of_the_training_bags(draw):
    bags = draw.training.bags.clone()
    bags[:, 4:] = 50 + 3 * bags[:, 4:]
    network = trained(MAX, draw.shape, bags, draw.training.labels, FIT, 0)
    ((_, layer),) = network.input_layers()
    every = bags[:, 4:].transpose(0, 1).flatten(1).double()
    torch.testing.assert_close(layer.mean.double(), every.mean(1), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layer.std.double(), every.std(1), rtol=1e-4, atol=1e-5)


def test_training_and_test_auc_are_of_their_parts(draw):
    turned = draw._replace(test=draw.test._replace(labels=1 - draw.test.labels))
    plain, other = run_on_draw(MAX, draw, FIT, 0), run_on_draw(MAX, turned, FIT, 0)
    assert other.train_auc == plain.train_auc
    assert other.auc == pytest.approx(1 - plain.auc)


class Looks(torch.nn.Module):
    """Attends to high values of the second feature, and to the finest level most of all."""

    def forward(self, bag):
        return torch.zeros(len(bag), 2)

    def explain(self, bag):
        return {"attention": bag[:, 5] + 1000 * (bag[:, 0] == 0)}

    def input_layers(self):
        return []


class Nothing(torch.nn.Module):
    """Has one parameter, for the optimiser's sake."""

    def __init__(self):
        super().__init__()
        self.p = torch.nn.Parameter(torch.zeros(1))

    def forward(self, network, bags, labels):
        return self.p.sum()


def test_truth_is_looked_for_at_its_own_level():
    def levels(count, generator):
        return middle_level_bags(count, generator, cells=(2, 2), width=3, salient=1, shift=50.0)

    draw = draw_parts(levels, 0, training=2, test=4)
    run = run_on_draw(BagMethod(lambda _: Looks(), lambda _: Nothing()), draw, FIT, 0)
    assert run.tiles == 1.0
    assert run.auc == 0.5


def test_auc_is_of_class_one():
    assert binary_auc(torch.tensor([0, 1, 1]), torch.tensor([0.1, 0.0, 0.3])) == 0.5
