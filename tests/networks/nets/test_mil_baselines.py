"""What every baseline promises, and how they are chosen."""

import io

import pytest
import torch
from monai.networks import eval_mode

from monai_ext.networks.nets.mean_pool import MeanPoolMIL
from monai_ext.networks.nets.mil_baselines import (
    MIL_BASELINES,
    baseline_settings,
    build_mil_baseline,
)
from monai_ext.ops.bag_layout import pad_bags
from monai_ext.testing.random_bags import random_bag

CHANNELS, M, CLASSES = [7, 5, 6], 6, 3
SETTINGS = {"hidden_dim": 16, "attention_dim": 8, "dropout": 0.2, "m": M}


def build(model: str, levels: tuple[int, ...] = (0, 1, 2), **more) -> torch.nn.Module:
    torch.manual_seed(0)  # noqa: TID251
    return build_mil_baseline(model, CHANNELS, CLASSES, levels, **SETTINGS, **more).eval()


@pytest.fixture(params=MIL_BASELINES.names)
def model(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def net(model: str) -> torch.nn.Module:
    return build(model)


@pytest.fixture
def bags(rng: torch.Generator) -> list[torch.Tensor]:
    """Three slides, one tile alone, no tile."""
    sizes = ((4, 3, 0.4), (2, 2, 1.0), (1, 1, 0.1))
    bags = [random_bag(CHANNELS, s[:2], generator=rng, keep=s[2], m=M) for s in sizes]
    return [*bags, bags[0][:, :1], bags[0][:, :0]]


def test_ten_models_are_there():
    names = "abmil clam_mb clam_sb dsmil linear max mean region_lse simlp transmil"
    assert sorted(MIL_BASELINES.names) == names.split()
    assert all(1 < len(MIL_BASELINES.components[name][0]) < 70 for name in MIL_BASELINES.names)


def test_padded_batch_equals_single_bags(net, bags):
    singles = torch.cat([net(bag[None]) for bag in bags])
    assert singles.isfinite().all()
    assert (singles[0] - singles[1]).abs().max() > 1e-4
    torch.testing.assert_close(net(pad_bags(bags)), singles)


def test_explanation_of_a_padded_batch_equals_single_bags(net, bags):
    batch = net.explain(pad_bags(bags))
    torch.testing.assert_close(batch["logits"], net(pad_bags(bags)))
    for k, bag in enumerate(bags):
        single = net.explain(bag[None])["attention"][0]
        torch.testing.assert_close(batch["attention"][k, : bag.shape[1]], single)
        assert batch["attention"][k, bag.shape[1] :].abs().sum() == 0


@pytest.mark.parametrize("levels", [(0, 1, 2), (0, 2), (1,)], ids=str)
def test_attention_is_a_share_of_each_level_read(model, bags, levels):
    batch = pad_bags(bags)
    attention = build(model, levels).explain(batch)["attention"]
    assert attention.min() >= 0
    for level in range(3):
        here = batch[:, 0] == level
        expected = here.any(1).float() * (level in levels)
        torch.testing.assert_close((attention * here).sum(1), expected)


def test_levels_that_are_not_read_change_nothing(model, bags):
    net, bag = build(model, (0, 2)), bags[0]
    torch.testing.assert_close(net(bag[None, :, bag[0] != 1]), net(bag[None]))


def test_order_of_instances_is_irrelevant_but_to_transmil(net, model, bags, rng):
    bag = bags[0][None]
    order = torch.randperm(bag.shape[2], generator=rng)
    if model == "transmil":
        assert (net(bag[:, :, order]) - net(bag)).abs().max() > 1e-4
    else:
        torch.testing.assert_close(net(bag[:, :, order]), net(bag))


def test_one_level_has_no_joining_layer(model, bags):
    net = build(model, (1,))
    out = net.explain(bags[0][None])
    torch.testing.assert_close(out["logits"], net(bags[0][None]))
    if not isinstance(net, MeanPoolMIL):
        assert isinstance(net.head, torch.nn.Identity)
        torch.testing.assert_close(out["branch_logits"][:, 0], out["logits"])


def test_several_levels_are_joined_linearly(net, bags):
    if not isinstance(net, MeanPoolMIL):
        out = net.explain(pad_bags(bags))
        assert out["branch_logits"].shape[1:] == (3, CLASSES)
        expected = net.head(out["branch_logits"].flatten(1))
        torch.testing.assert_close(net(pad_bags(bags)), expected)
        torch.testing.assert_close(net.branch_logits(pad_bags(bags)), out["branch_logits"])


def test_every_layer_that_reads_features_is_standardised(net, bags):
    before, layers = net(bags[0][None]), net.input_layers()
    assert [level for level, _ in layers] == [0, 1, 2]
    for level, layer in layers:
        width = layer.in_features
        layer.set_statistics(torch.full((width,), 2.0), torch.full((width,), 0.5))
        scaled = bags[0].clone()
        here = scaled[0] == level
        scaled[4 : 4 + width, here] = scaled[4 : 4 + width, here] * 0.5 + 2.0
        bags[0] = scaled
    torch.testing.assert_close(net(bags[0][None]), before, rtol=1e-4, atol=1e-5)


def test_dropout_acts_in_training_only(net, model, bags):
    bag = bags[0][None]
    assert torch.equal(net(bag), net(bag))
    changed = not torch.equal(net.train()(bag), net.eval()(bag))
    assert changed == (model not in ("linear", "region_lse"))


def test_script_equals_eager_and_survives_saving(net, bags):
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(net), buffer)
    buffer.seek(0)
    scripted = torch.jit.load(buffer)
    for bag in (pad_bags(bags), *(bag[None] for bag in bags)):
        torch.testing.assert_close(scripted(bag), net(bag))
        for key, value in scripted.explain(bag).items():
            torch.testing.assert_close(value, net.explain(bag)[key])


def test_export_with_dynamic_length_equals_eager(model, bags):
    net = build(model, (0, 2))
    with eval_mode(net):
        program = torch.export.export(
            net, (bags[1][None],), dynamic_shapes=({2: torch.export.Dim("length", min=1)},)
        )
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    buffer.seek(0)
    reloaded = torch.export.load(buffer).module()
    for bag in bags[:4]:
        torch.testing.assert_close(reloaded(bag[None]), net(bag[None]))


def test_uniform_random_input_gives_finite_logits(net, rng):
    out = net(torch.rand(2, 4 + max(CHANNELS), 30, generator=rng))
    assert out.shape == (2, CLASSES)
    assert out.dtype == torch.float32
    assert out.isfinite().all()
    assert (out[0] - out[1]).abs().max() > 1e-5


def test_loss_falls_on_one_batch_and_gradients_are_finite(net, bags):
    batch, labels = pad_bags(bags[:4]), torch.tensor([0, 1, 2, 0])
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    losses = []
    for _ in range(80):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(batch), labels)
        loss.backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_what_a_model_does_not_read_does_not_change_it(bags):
    bag = bags[0][None]
    other = {"temperature": 9.0, "num_heads": 3, "query": "nonsense"}
    assert torch.equal(build("abmil", **other)(bag), build("abmil")(bag))
    assert "num_heads" in baseline_settings("transmil")
    assert not torch.equal(build("region_lse", temperature=9.0)(bag), build("region_lse")(bag))


def test_unknown_model_lists_close_names():
    with pytest.raises(ValueError, match="model=ambil is unknown: did you mean abmil"):
        build_mil_baseline("ambil", 4, 2, [0])
    with pytest.raises(ValueError, match="model=clam is unknown: did you mean clam_"):
        baseline_settings("clam")


def test_unknown_setting_lists_close_names():
    with pytest.raises(ValueError, match="setting=hiden_dim is unknown: did you mean hidden_dim"):
        build_mil_baseline("abmil", 4, 2, [0], hiden_dim=3)


def test_missing_setting_is_named():
    with pytest.raises(ValueError, match=r"model=abmil lacks a setting: .*attention_dim"):
        build_mil_baseline("abmil", 4, 2, [0], hidden_dim=3)
