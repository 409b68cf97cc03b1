"""Every method of the registry builds, trains and is scored on small bags."""

import pytest
import torch

from monai_ext.experiments.bag_methods import BagSettings, BagShape, bag_methods
from monai_ext.experiments.bag_trial import bag_attention, bag_trial
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.testing.random_bags import random_bag

M, LEVELS = 4, (0, 1)
SETTINGS = BagSettings(hidden_dim=16, dropout=0.0, tile_level=1)
FIT = FitSettings(epochs=12, learning_rate=1e-2, weight_decay=0.01, batch_size=4)
SHAPE = BagShape(5, 2, LEVELS, M)


@pytest.fixture(scope="module")
def bags():
    """Twelve bags of one layout; the class shows in every tile of both levels, far from 0."""
    rng = torch.Generator().manual_seed(0)
    layout = random_bag(5, (3, 3), generator=rng, levels=LEVELS, m=M)
    labels = torch.arange(12) % 2
    stacked = layout.repeat(12, 1, 1)
    noise = torch.randn(stacked[:, 4:].shape, generator=rng)
    stacked[:, 4:] = 100 + noise + 2.0 * labels[:, None, None]
    return stacked, labels


LEARNT = [
    "abmil_levels", "clam_mb", "dsmil", "libra", "linear", "m2otca", "m2otca_lse", "max", "mean",
    "region_lse", "simlp", "srmil", "srmil_lse", "transmil",
]  # fmt: skip
"""One of each kind: the rest differ by a switch that has its own tests."""


def test_every_method_builds_and_has_an_objective(bags):
    x, labels = bags
    for name, method in bag_methods(SETTINGS).items():
        loss = method.objective(SHAPE)(method.build(SHAPE), x[:2], labels[:2])
        assert bool(torch.isfinite(loss)), name
        assert loss.requires_grad, name


def test_clam_and_dsmil_have_their_own_objectives():
    plain = type(bag_methods(SETTINGS)["abmil"].objective(SHAPE))
    for name in ("clam_sb", "clam_mb", "clam_sb_levels", "dsmil"):
        assert type(bag_methods(SETTINGS)[name].objective(SHAPE)) is not plain


@pytest.mark.parametrize("name", LEARNT)
def test_method_learns_features_far_from_zero_and_says_where_it_looked(bags, name):
    x, labels = bags
    trial = bag_trial(bag_methods(SETTINGS)[name], SHAPE, bags, x, FIT, 0, standardize=True)
    assert float(trial.scores[labels == 1].min()) > float(trial.scores[labels == 0].max())
    attention = bag_attention(trial.network, x, 1, 4)
    torch.testing.assert_close(attention.sum(1), torch.ones(12), rtol=1e-4, atol=1e-4)


def test_only_region_methods_read_the_region_row(bags):
    x, _ = bags
    other = x.clone()
    other[:, 3] = (other[:, 3] + torch.randint(1, M, other[:, 3].shape)) % M
    for name, method in bag_methods(SETTINGS).items():
        torch.manual_seed(0)  # noqa: TID251
        network = method.build(SHAPE).eval()
        same = torch.equal(network(x), network(other))
        assert same != method.uses_regions, name


def test_text_is_put_into_libra_mil(bags):
    text = torch.eye(6)[:4], torch.eye(6)[4:]
    settings = BagSettings(hidden_dim=16, dropout=0.0, tile_level=1, text=text)
    network = bag_methods(settings)["libra"].build(SHAPE)
    assert torch.equal(network.text_bank.detach(), text[0])
    assert torch.equal(network.bag_query.detach(), text[1])
    without = bag_methods(settings)["libra_random"].build(SHAPE)
    assert not torch.equal(without.text_bank.detach(), text[0])


def test_options_of_a_method_go_over_those_of_the_registry():
    settings = BagSettings(16, 0.0, options={"m2otca_lse": {"use_ot": False}})
    assert bag_methods(settings)["m2otca_lse"].build(SHAPE).independent is False
    settings = BagSettings(16, 0.0, options={"m2otca_lse": {"use_ot": False, "use_grad": False}})
    assert bag_methods(settings)["m2otca_lse"].build(SHAPE).independent is True
