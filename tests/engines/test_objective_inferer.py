import torch
from torch import nn

from monai_ext.engines.objective_inferer import ObjectiveInferer
from monai_ext.losses.mil_objective import build_mil_objective
from monai_ext.networks.nets.mil_baselines import build_mil_baseline
from monai_ext.testing.random_bags import random_bag


def test_inferer_and_combine_are_the_objective(rng):
    torch.manual_seed(0)  # noqa: TID251
    net = build_mil_baseline("clam_mb", 5, 2, [0], hidden_dim=6, attention_dim=4)
    sizes = {"num_classes": 2, "num_levels": 1, "hidden_dim": 6}
    objective = build_mil_objective("clam_mb", nn.CrossEntropyLoss(), **sizes)
    bag, label = random_bag(5, (3, 3), generator=rng, levels=(0,))[None], torch.tensor([1])
    terms = ObjectiveInferer(objective)(bag, net)
    assert type(terms) is dict
    torch.testing.assert_close(objective.combine(terms, label), objective(net, bag, label))
