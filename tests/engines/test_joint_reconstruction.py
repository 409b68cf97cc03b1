"""What is hidden stays hidden, what is weighed is weighed, and labels meet only their own terms."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from monai_ext.engines.joint_reconstruction import JointReconstruction
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.srmil import SRMIL
from monai_ext.ops.bag_layout import pack_bag, pad_bags
from monai_ext.testing.random_bags import random_bag

D, FORM = 6, {"heads": 2, "head_dim": 4}
LABELS = torch.tensor([0, 1])


def build(**switches) -> SRMIL:
    torch.manual_seed(0)  # noqa: TID251
    return SRMIL(D, 2, classifier_dim=5, **FORM, **switches).train()


def objective(**switches) -> JointReconstruction:
    torch.manual_seed(1)  # noqa: TID251
    return JointReconstruction(D, **FORM, **switches).train()


@pytest.fixture
def bags(rng: torch.Generator) -> torch.Tensor:
    parts = [random_bag(D, s, generator=rng, keep=0.6, levels=(0, 1)) for s in ((4, 3), (3, 2))]
    return pad_bags(parts)


@pytest.fixture
def masked(bags, rng) -> torch.Tensor:
    return (torch.rand(bags[:, 0].shape, generator=rng) < 0.6) & (bags[:, 0] == 0)


def grid_bag(side: int) -> torch.Tensor:
    place = torch.arange(side * side)
    features = torch.randn(len(place), D, generator=torch.Generator().manual_seed(0))
    return pack_bag(features, place * 0, place // side, place % side)[None]


@pytest.mark.parametrize("reformer", ["linear", "identity", "mlp"])
def test_a_hidden_tile_does_not_help_itself_but_its_neighbours_do(reformer):
    side = 17
    bag, middle = grid_bag(side).requires_grad_(), side * side // 2
    masked = torch.zeros(1, side * side).bool()
    masked[0, ::3] = True
    masked[0, middle] = True
    found = objective().reconstruct(build(reformer=reformer, window=1), bag, masked)
    (grad,) = torch.autograd.grad(found.predictions[0][0, middle].square().sum(), bag)
    reach = grad[0, 4:].abs().sum(0)
    assert reach[masked[0]].abs().sum() == 0
    near = torch.zeros(side, side).bool()
    near[8 - 4 : 8 + 5, 8 - 4 : 8 + 5] = True  # two layers of the encoder, two of the decoder
    assert torch.equal(reach > 0, near.flatten() & ~masked[0])


def test_the_target_is_the_standardised_feature_of_hidden_tiles(bags, masked):
    net = build()
    mean, std = torch.arange(float(D)), torch.arange(float(D)) + 1
    net.input_layers()[0][1].set_statistics(mean, std)
    found = objective().reconstruct(net, bags, masked)
    n = found.target.shape[1]
    expected = (bags[:, 4:].mT[:, :n] - mean) / std
    torch.testing.assert_close(found.target, expected)
    assert torch.equal(found.masked, masked[:, :n])


def test_terms_are_the_three_of_the_method(bags, masked):
    """Each pass by itself: tokens in the features, and the graphs with and without supernode."""
    net, asked = build(), objective()
    mean, std = torch.arange(float(D)), torch.arange(float(D)) / 4 + 1
    net.input_layers()[0][1].set_statistics(mean, std)
    found = asked.terms(net, bags, masked)
    torch.testing.assert_close(found["logits"], net(bags))
    hidden = bags.clone()
    token = asked.token * std + mean  # among standardised features
    hidden[:, 4:] = torch.where(masked.unsqueeze(1), token[:, None], bags[:, 4:])
    torch.testing.assert_close(found["corrupt_logits"], net(hidden))
    graph = net.tile_graph(hidden)
    x = net.reformer(graph.features)
    for layer in net.layers:
        x = layer(x, x[:, :0], graph.neighbors, graph.mask)[0]
    x = torch.where(found_mask(graph, masked), asked.decoder.token, asked.decoder.bridge(x))
    x = asked.decoder(x, graph.neighbors, graph.mask)
    target = net.standardized(net.tile_graph(bags).features)
    error = 1 - torch.cosine_similarity(x, target, dim=2)
    expected = torch.stack(
        [e[m].mean() for e, m in zip(error, masked[:, : x.shape[1]], strict=True)]
    )
    torch.testing.assert_close(found["reconstruction"], expected)
    assert 0 <= found["reconstruction"].min() <= found["reconstruction"].max() <= 2


def found_mask(graph, masked):
    return (masked[:, graph.first : graph.end] & graph.mask).unsqueeze(2)


def test_total_is_the_weighted_sum(bags, masked):
    net = build()
    for w_gen, w_ce in ((1.8, 1.0), (0.5, 0.3), (0.0, 2.0)):
        asked = objective(w_gen=w_gen, w_ce=w_ce)
        terms = asked.terms(net, bags, masked)
        whole = cross_entropy(terms["logits"], LABELS)
        corrupt = cross_entropy(terms["corrupt_logits"], LABELS)
        expected = (2 - w_gen) * ((2 - w_ce) * corrupt + w_ce * whole)
        expected = expected + w_gen * terms["reconstruction"].mean()
        torch.testing.assert_close(asked.combine(terms, LABELS), expected)


@pytest.mark.parametrize(("renormalise", "scale"), [(True, 1.0), (False, 0.2)])
def test_without_reconstruction_the_classification_weighs_one(bags, masked, renormalise, scale):
    net = build()
    asked = objective(use_rec=False, renormalise=renormalise)
    terms = asked.terms(net, bags, masked)
    assert set(terms) == {"logits", "corrupt_logits"}
    both = cross_entropy(terms["logits"], LABELS) + cross_entropy(terms["corrupt_logits"], LABELS)
    torch.testing.assert_close(asked.combine(terms, LABELS), scale * both)


@pytest.mark.parametrize(("renormalise", "scale"), [(True, 1.0), (False, 0.2 * 0.5)])
def test_with_neither_term_the_loss_is_plain_classification(bags, renormalise, scale):
    net = build()
    asked = objective(use_rec=False, use_corrupt_ce=False, w_ce=0.5, renormalise=renormalise)
    loss = asked(net, bags, LABELS)
    torch.testing.assert_close(loss, scale * cross_entropy(net(bags), LABELS))


def test_only_what_is_asked_for_is_in_the_terms(bags, masked):
    net = build()
    assert set(objective(use_corrupt_ce=False).terms(net, bags, masked)) == {
        "logits",
        "reconstruction",
    }


@pytest.mark.parametrize("readout", ["supernode", "lse"])
@pytest.mark.parametrize("share", [True, False])
def test_a_shared_pass_is_the_same_only_where_there_is_no_supernode(bags, masked, readout, share):
    net = build(readout=readout)
    alone = objective(use_corrupt_ce=False).terms(net, bags, masked)["reconstruction"]
    joint = objective(share_masked_pass=share).terms(net, bags, masked)["reconstruction"]
    change = (alone - joint).abs().max()
    assert (change > 1e-4) == (share and readout == "supernode")


@pytest.mark.parametrize("readout", ["supernode", "lse"])
def test_passes_through_the_encoder_are_as_few_as_can_be(bags, masked, readout, monkeypatch):
    net, calls = build(readout=readout), []
    encode = SRMIL.encode
    monkeypatch.setattr(SRMIL, "encode", lambda *args: calls.append(args[-1]) or encode(*args))
    objective()(net, bags, LABELS)
    assert calls == ([False, False, True] if readout == "supernode" else [True, True])


def test_gradients_of_the_reconstruction_do_not_depend_on_labels(bags):
    grads = []
    for labels in (LABELS, 1 - LABELS):
        net, asked = build(), objective(w_gen=2.0)
        torch.manual_seed(2)  # noqa: TID251
        asked(net, bags, labels).backward()
        shared = [*net.layers.parameters(), *asked.parameters()]
        grads.append([torch.zeros(1) if p.grad is None else p.grad for p in shared])
    assert sum(g.abs().sum() for g in grads[0]) > 0.1
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


@pytest.mark.parametrize(
    ("decoder", "remask"), [("gat", "token"), ("gcn", "token"), ("gin", "token"), ("mlp", "random")]
)
def test_every_parameter_gets_a_gradient(bags, decoder, remask):
    rates = {"dropout": 0.1, "attention_dropout": 0.1}
    net, asked = build(), objective(decoder=decoder, remask=remask, remask_rate=0.5, **rates)
    asked(net, bags, LABELS).backward()
    for name, parameter in [*net.named_parameters(), *asked.named_parameters()]:
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 1e-9, name


def test_order_and_offset_of_tiles_change_neither_logits_nor_error(bags, masked, rng):
    net, asked = build(), objective()
    expected = asked.terms(net, bags, masked)
    order = torch.randperm(bags.shape[2], generator=rng)
    mixed = asked.terms(net, bags[:, :, order], masked[:, order])
    moved = bags.clone()
    moved[:, 1:3] += 7
    shifted = asked.terms(net, moved, masked)
    for name, value in expected.items():
        torch.testing.assert_close(mixed[name], value, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(shifted[name], value, rtol=1e-4, atol=1e-5)


def test_shuffled_places_change_logits_and_error_and_no_edges_do_not(bags, masked, rng):
    asked, other = objective(), bags.clone()
    here = (bags[0, 0] == 0).nonzero().flatten()
    order = torch.randperm(len(here), generator=rng)
    other[0, 1:3, here] = bags[0, 1:3, here[order]]
    for spatial, is_changed in (("true", True), ("none", False)):
        net = build(spatial=spatial)
        before, after = (asked.terms(net, values, masked) for values in (bags, other))
        for name in ("logits", "corrupt_logits", "reconstruction"):
            assert ((after[name] - before[name]).abs().max() > 1e-5) == is_changed, (spatial, name)


def test_padding_changes_nothing(bags, masked):
    net, asked = build(), objective()
    batch = asked.terms(net, bags, masked)
    n = int((bags[1, 0] >= 0).sum())
    alone = asked.terms(net, bags[1:, :, :n], masked[1:, :n])
    asked_too_much = asked.terms(net, bags, masked | (bags[:, 0] != 0))
    for name, value in alone.items():
        torch.testing.assert_close(batch[name][1:], value)
        assert torch.equal(asked_too_much[name], batch[name])


def test_masks_are_drawn_anew_in_training_from_the_global_generator(bags):
    net, asked = build(), objective()
    losses = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)  # noqa: TID251
        losses.append(asked(net, bags, LABELS).item())
    assert losses[0] == losses[1] != losses[2]


def test_share_of_hidden_tiles_is_the_rate_of_real_ones(bags):
    found = objective(mask_rate=0.3).reconstruct(build(), bags)
    real = (bags[:, 0] == 0).sum(1)
    assert found.masked.sum(1).tolist() == [int(0.3 * n) for n in real]


def test_the_deployed_network_knows_no_mask(bags):
    """No token, mask or decoder is among its weights, and nothing is drawn in evaluation."""
    net = build(dropout=0.5).eval()
    before = torch.get_rng_state()
    assert torch.equal(net(bags), net(bags))
    assert torch.equal(torch.get_rng_state(), before)
    assert not [k for k in net.state_dict() if "token" in k or "decoder" in k]


@pytest.mark.parametrize("remask", ["token", "zero", "none", "random"])
def test_remasking_decides_what_the_decoder_sees(bags, masked, remask, monkeypatch):
    net, asked, seen = build(), objective(remask=remask, num_remasking=2), []
    forward = asked.decoder.forward
    monkeypatch.setattr(
        asked.decoder, "forward", lambda x, *rest: seen.append(x) or forward(x, *rest)
    )
    found = asked.reconstruct(net, bags, masked)
    assert len(seen) == len(found.predictions) == 2
    token = (seen[0] == asked.decoder.token).all(2)
    hidden = found.masked
    if remask == "token":
        assert torch.equal(token, hidden)
    elif remask == "random":
        real = (bags[:, 0] == 0).sum(1)
        assert token.sum(1).tolist() == [int(0.2 * n) for n in real]
        assert not torch.equal(seen[0], seen[1])
    else:
        assert not token.any()
        real = bags[:, 0, : hidden.shape[1]] == 0
        assert ((seen[0] == 0).all(2) == hidden)[real].all() == (remask == "zero")


def test_several_remaskings_are_averaged(bags, masked):
    net, asked = build(), objective(remask="random", num_remasking=3)
    torch.manual_seed(5)  # noqa: TID251
    total = asked.terms(net, bags, masked)["reconstruction"]
    torch.manual_seed(5)  # noqa: TID251
    each = asked.reconstruct(net, bags, masked)
    errors = [asked.error(p, each.target, each.masked) for p in each.predictions]
    torch.testing.assert_close(total, torch.stack(errors).mean(0))
    assert (errors[0] - errors[1]).abs().max() > 1e-5


def test_perfect_reconstruction_costs_nothing(bags, masked, monkeypatch):
    net, asked = build(), objective()
    target = net.standardized(net.tile_graph(bags).features)
    monkeypatch.setattr(asked.decoder, "forward", lambda *_: 3 * target)
    torch.testing.assert_close(
        asked.terms(net, bags, masked)["reconstruction"], torch.zeros(2), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("tiles", [0, 1, 2])
def test_tiny_bags_are_finite_with_finite_gradients(bags, tiles):
    net, asked = build(), objective(dropout=0.1)
    few = bags[:, :, :tiles]
    loss = asked(net, few, LABELS)
    loss.backward()
    assert loss.isfinite()
    for parameter in [*net.parameters(), *asked.parameters()]:
        assert parameter.grad is None or parameter.grad.isfinite().all()


def test_recomputation_changes_nothing(bags):
    grads = []
    for limit in (None, 1):
        rates = {"dropout": 0.2, "attention_dropout": 0.2, "checkpoint_from": limit}
        net, asked = build(**rates), objective(**rates)
        torch.manual_seed(2)  # noqa: TID251
        asked(net, bags, LABELS).backward()
        grads.append([p.grad for p in [*net.parameters(), *asked.parameters()]])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


def test_loss_falls_on_one_batch(bags):
    net, asked = build(), objective()
    optimizer = torch.optim.Adam([*net.parameters(), *asked.parameters()], lr=1e-2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = asked(net, bags, LABELS)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.75 * sum(losses[:5])


@pytest.mark.parametrize("switches", [{}, {"encoder": "gcn", "readout": "lse"}], ids=str)
def test_half_precision_is_finite_and_close(bags, masked, switches):
    """As under mixed precision; the features and sums of the error stay whole."""
    net, asked = build(**switches), objective()
    bags[:, 4:] *= 300
    net.input_layers()[0][1].set_statistics(torch.zeros(D), torch.full((D,), 300.0))
    expected = asked.terms(net, bags, masked)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = asked.terms(net, bags, masked)
        asked.combine(found, LABELS).backward()
    for name, value in expected.items():
        assert found[name].dtype == torch.float32
        torch.testing.assert_close(found[name], value, rtol=0.05, atol=0.05)
    for parameter in [*net.parameters(), *asked.parameters()]:
        assert parameter.grad is None or parameter.grad.isfinite().all()


def test_given_loss_is_used(bags):
    asked = objective(loss=torch.nn.CrossEntropyLoss(label_smoothing=0.5), use_rec=False)
    terms = asked.terms(build(), bags)
    expected = cross_entropy(terms["logits"], LABELS, label_smoothing=0.5)
    expected = expected + cross_entropy(terms["corrupt_logits"], LABELS, label_smoothing=0.5)
    torch.testing.assert_close(asked.combine(terms, LABELS), expected)


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"remask": "noise"}, "remask=noise is unknown: use token, zero, none, random"),
        ({"num_remasking": 0}, "num_remasking=0 must be at least 1"),
        ({"mask_rate": 1.0}, r"mask_rate=1.0 must be between 0 and 1"),
        ({"w_gen": 2.5}, r"w_gen=2.5 must be from 0 to 2"),
        ({"w_ce": -1}, "w_ce=-1 must be from 0 to 2"),
        ({"decoder": "mlp"}, "decoder=mlp sees of a hidden tile only what stands for it"),
        ({"decoder": "sage"}, "layer kind sage is unknown"),
        ({"sce_alpha": 0}, "alpha=0 must be above 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(switches, message):
    with pytest.raises(ValueError, match=message):
        objective(**switches)


def test_another_network_is_refused(bags):
    net = M2OTCA(D, 2, m=2, hidden_dim=4, attention_dim=4, levels=(0, 1))
    with pytest.raises(TypeError, match="network is M2OTCA: this objective trains SRMIL"):
        objective()(net, bags, LABELS)
