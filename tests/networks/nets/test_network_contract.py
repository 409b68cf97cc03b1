"""What every network promises: one bag in, logits out, in every form that MONAI may ask for."""

import io

import pytest
import torch
from monai.networks import eval_mode

from monai_ext.networks.nets.libra_mil import LibraMIL
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.mean_pool import MeanPoolMIL
from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL
from monai_ext.networks.nets.srmil import SRMIL
from monai_ext.ops.bag_layout import pad_bags
from monai_ext.testing.random_bags import random_bag

CHANNELS, M = [7, 5, 6], 6
WIDTHS = {"hidden_dim": 16, "attention_dim": 8}
FEW = {"m": M, "n_iters": 5, **WIDTHS}
TEXTS = {"num_vision_prototypes": 4, "num_text_prototypes": 6, "text_dim": 9, "hidden_dim": 16}
TEXTS |= {"query_residual": True}  # else a bag of one instance has equal logits
GRAPH = {"heads": 2, "head_dim": 8, "classifier_dim": 9}
DROPS = {"dropout": 0.2, "attention_dropout": 0.2, "head_dropout": 0.2}
NETS = {
    "m2otca": lambda: M2OTCA(CHANNELS, 3, dropout=0.2, **FEW),
    "m2otca_barycentric": lambda: M2OTCA(
        CHANNELS, 3, combine="barycentric", grad_target="soft", guide_level=1, **FEW
    ),
    "m2otca_self_attn": lambda: M2OTCA(
        CHANNELS, 3, matching="self_attn", grad_pool="feature", head="mean", **FEW
    ),
    "m2otca_similarity": lambda: M2OTCA(
        CHANNELS, 3, matching="similarity", grad_pool="grad_x_input", **FEW
    ),
    "m2otca_one_level": lambda: M2OTCA(CHANNELS, 3, levels=(0,), **FEW),
    "abmil": lambda: MultiLevelABMIL(CHANNELS, 3, dropout=0.2, **WIDTHS),
    "mean": lambda: MeanPoolMIL(CHANNELS, 3),
    "libra": lambda: LibraMIL(CHANNELS, 3, dropout=0.2, **TEXTS),
    "libra_instance": lambda: LibraMIL(CHANNELS, 3, ot_level="instance", levels=[1], **TEXTS),
    "libra_cross_attn": lambda: LibraMIL(CHANNELS, 3, fusion="cross_attn", **TEXTS),
    "libra_concat": lambda: LibraMIL(CHANNELS, 3, fusion="concat", score_norm="sigmoid", **TEXTS),
    "libra_text_only": lambda: LibraMIL(CHANNELS, 3, vision_prototypes=False, **TEXTS),
    "libra_released": lambda: LibraMIL(CHANNELS, 3, fusion="released_code", **TEXTS),
    "libra_no_proj": lambda: LibraMIL(
        CHANNELS, 3, use_proj=False, num_heads=7, **(TEXTS | {"text_dim": 7})
    ),
    "srmil": lambda: SRMIL(CHANNELS, 3, **DROPS, **GRAPH),
    "srmil_shuffled": lambda: SRMIL(CHANNELS, 3, spatial="shuffled", levels=[1], **GRAPH),
    "srmil_none": lambda: SRMIL(CHANNELS, 3, spatial="none", n_super=2, **GRAPH),
    "srmil_gcn": lambda: SRMIL(CHANNELS, 3, encoder="gcn", window=1, reformer="mlp", **GRAPH),
    "srmil_gin": lambda: SRMIL(CHANNELS, 3, encoder="gin", bidirectional=False, **GRAPH),
    "srmil_lse": lambda: SRMIL(CHANNELS, 3, readout="lse", reformer="identity", **GRAPH),
    "srmil_mlp": lambda: SRMIL(CHANNELS, 3, encoder="mlp", readout="attention", **GRAPH),
    "srmil_mean": lambda: SRMIL(CHANNELS, 3, readout="mean", residual="identity", **GRAPH),
}


@pytest.fixture(params=NETS)
def net(request: pytest.FixtureRequest) -> torch.nn.Module:
    torch.manual_seed(0)  # noqa: TID251
    return NETS[request.param]().eval()


@pytest.fixture
def bags(rng: torch.Generator) -> list[torch.Tensor]:
    sizes = ((4, 3, 0.4), (2, 2, 1.0), (1, 1, 0.1))
    bags = [random_bag(CHANNELS, s[:2], generator=rng, keep=s[2], m=M) for s in sizes]
    return [*bags, bags[0][:, :1], bags[0][:, :0]]


def test_padded_batch_equals_single_bags(net, bags):
    singles = torch.cat([net(bag[None]) for bag in bags])
    torch.testing.assert_close(net(pad_bags(bags)), singles)
    assert (singles[0] - singles[1]).abs().max() > 1e-4


def test_explanation_of_a_padded_batch_equals_single_bags(net, bags):
    batch = net.explain(pad_bags(bags))
    torch.testing.assert_close(batch["logits"], net(pad_bags(bags)))
    for k, bag in enumerate(bags):
        single = net.explain(bag[None])["attention"][0]
        torch.testing.assert_close(batch["attention"][k, : bag.shape[1]], single)
        assert batch["attention"][k, bag.shape[1] :].abs().sum() == 0


def test_order_of_instances_is_irrelevant(net, bags, rng):
    bag = bags[0][None]
    order = torch.randperm(bag.shape[2], generator=rng)
    torch.testing.assert_close(net(bag[:, :, order]), net(bag))
    shuffled = net.explain(bag[:, :, order])["attention"]
    torch.testing.assert_close(shuffled, net.explain(bag)["attention"][:, order])


def test_logits_are_float32_and_do_not_change_between_calls(net, bags):
    first, second = net(bags[0][None]), net(bags[0][None])
    assert first.dtype == torch.float32
    assert torch.equal(first, second)


def test_training_mode_without_dropout_equals_eval_mode(net, bags):
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    assert torch.equal(net.train()(bags[0][None]), net.eval()(bags[0][None]))


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_logits_without_autograd_are_those_with(net, bags, context):
    expected = net(bags[0][None])
    with context():
        found = net(bags[0][None])
    torch.testing.assert_close(found, expected)


def test_dropout_acts_in_training_only(net, bags):
    if not any(isinstance(m, torch.nn.Dropout) and m.p > 0 for m in net.modules()):
        assert torch.equal(net.train()(bags[0][None]), net(bags[0][None]))
    else:
        assert not torch.equal(net.train()(bags[0][None]), net(bags[0][None]))


def test_script_equals_eager_and_survives_saving(net, bags):
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(net), buffer)
    buffer.seek(0)
    scripted = torch.jit.load(buffer)
    for bag in (pad_bags(bags), *(bag[None] for bag in bags)):
        torch.testing.assert_close(scripted(bag), net(bag))
        for key, value in scripted.explain(bag).items():
            torch.testing.assert_close(value, net.explain(bag)[key])


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_trace_equals_eager_at_other_lengths(net, bags):
    traced = torch.jit.trace(net, bags[1][None])
    for bag in bags:
        torch.testing.assert_close(traced(bag[None]), net(bag[None]))


def test_export_with_dynamic_axes_equals_eager_after_reload(net, bags):
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    with eval_mode(net):
        program = torch.export.export(
            net, (pad_bags(bags[:2]),), dynamic_shapes=({0: batch, 2: length},)
        )
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    buffer.seek(0)
    reloaded = torch.export.load(buffer).module()
    for bag in (pad_bags(bags), *(bag[None] for bag in bags)):
        torch.testing.assert_close(reloaded(bag), net(bag))


def test_uniform_random_input_gives_finite_logits(net, rng):
    out = net(torch.rand(2, 4 + max(CHANNELS), 30, generator=rng))
    assert out.shape == (2, 3)
    assert out.isfinite().all()
    assert (out[0] - out[1]).abs().max() > 1e-5


def test_meta_tensor_in_plain_tensor_out(net, bags):
    from monai.data.meta_tensor import MetaTensor

    out = net(MetaTensor(bags[0][None]))
    assert type(out) is torch.Tensor
    torch.testing.assert_close(out, net(bags[0][None]))


def test_loss_falls_on_one_batch(net, bags):
    batch, labels = pad_bags(bags[:3]), torch.tensor([0, 1, 2])
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(batch), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_networks_read_only_their_own_levels(bags):
    for build in (
        lambda levels: M2OTCA(CHANNELS, 3, m=M, levels=levels, **WIDTHS),
        lambda levels: MultiLevelABMIL(CHANNELS, 3, levels=levels, **WIDTHS),
        lambda levels: MeanPoolMIL(CHANNELS, 3, levels=levels),
    ):
        net = build((0, 2)).eval()
        bag = bags[0]
        torch.testing.assert_close(net(bag[None, :, bag[0] != 1]), net(bag[None]))
