import pytest
import torch
from torch import nn

from monai_ext.losses.bag_objective import BagObjective
from monai_ext.losses.clustering_objective import ClusteringObjective
from monai_ext.losses.dual_stream_objective import DualStreamObjective
from monai_ext.losses.mil_objective import build_mil_objective
from monai_ext.networks.nets.mil_baselines import MIL_BASELINES, build_mil_baseline
from monai_ext.ops.bag_layout import pad_bags
from monai_ext.testing.random_bags import random_bag

LABELS = torch.tensor([1, 0])
CE = nn.functional.cross_entropy


@pytest.fixture
def batch(rng) -> torch.Tensor:
    return pad_bags([random_bag(5, (2, s), generator=rng, m=4) for s in (2, 3)])


def network(model: str, levels=(0, 1, 2)) -> nn.Module:
    torch.manual_seed(0)  # noqa: TID251
    return build_mil_baseline(model, 5, 2, levels, hidden_dim=8, attention_dim=4, m=4)


def build(model: str, levels: int = 3, **more) -> nn.Module:
    sizes = {"num_classes": 2, "num_levels": levels, "hidden_dim": 8}
    return build_mil_objective(model, nn.CrossEntropyLoss(), **sizes, **more)


@pytest.mark.parametrize("model", MIL_BASELINES.names)
def test_every_model_has_an_objective_that_differentiates(model, batch):
    net, asked = network(model), build(model, branch_weight=0.5)
    loss = asked(net, batch, LABELS)
    loss.backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())
    assert all(layer.weight.grad.abs().sum() > 0 for _, layer in net.input_layers())
    torch.testing.assert_close(asked.combine(asked.terms(net, batch), LABELS), loss)


def test_models_get_their_own():
    kinds = {name: type(build(name)) for name in MIL_BASELINES.names}
    assert kinds.pop("clam_sb") is kinds.pop("clam_mb") is ClusteringObjective
    assert kinds.pop("dsmil") is DualStreamObjective
    assert set(kinds.values()) == {BagObjective}


def test_bag_objective_is_the_loss_of_logits_and_branches(batch):
    net = network("abmil")
    torch.testing.assert_close(build("abmil")(net, batch, LABELS), CE(net(batch), LABELS))
    branches = sum(CE(b, LABELS) for b in net.branch_logits(batch).unbind(1)) / 3
    found = build("abmil", branch_weight=2.0)(net, batch, LABELS)
    torch.testing.assert_close(found, CE(net(batch), LABELS) + 2 * branches)


@pytest.mark.parametrize("levels", [(0,), (0, 1, 2)])
def test_dual_stream_is_both_streams_loss(batch, levels):
    net = network("dsmil", levels)
    found = net.branch_outputs(batch)
    bag, best = (
        net.join(torch.stack([branch[key] for branch in found], 1))
        for key in ("bag_logits", "max_logits")
    )
    expected = 0.7 * CE(bag, LABELS) + 0.3 * CE(best, LABELS)
    asked = build("dsmil", len(levels), max_weight=0.3)
    torch.testing.assert_close(asked(net, batch, LABELS), expected)
    torch.testing.assert_close((bag + best) / 2, net(batch))


def test_dual_stream_weight_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"max_weight=1.5 must be from 0 to 1"):
        build("dsmil", max_weight=1.5)
