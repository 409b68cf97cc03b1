"""Each readout is the formula it claims, blind to padding."""

import pytest
import torch

from monai_ext.networks.blocks.bag_readout import LogSumExpReadout, PooledReadout, build_readout

K, C = 6, 3


@pytest.fixture
def nodes(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    mask = torch.tensor([[True, True, False, True], [True, False, False, False]])
    attention = torch.softmax(torch.randn(2, 2, 4, generator=rng), 2)
    tiles = torch.randn(2, 4, K, generator=rng)
    return tiles, torch.randn(2, 2, K, generator=rng), attention, mask


def build(kind: str, **settings) -> torch.nn.Module:
    torch.manual_seed(0)  # noqa: TID251
    return build_readout(kind, K, 2, C, hidden_dim=5, attention_dim=4, **settings)


def test_supernodes_and_heads_are_averaged(nodes):
    readout = build("supernode")
    logits, share, scores = readout(*nodes)
    pooled = nodes[1].mean(1).view(2, 2, 3).mean(1)
    torch.testing.assert_close(logits, readout.classifier(pooled))
    torch.testing.assert_close(share, nodes[2].mean(1))
    assert scores.shape == (2, 4, 0)


def test_mean_is_that_of_real_tiles(nodes):
    readout = build("mean")
    logits, share, _ = readout(*nodes)
    pooled = torch.stack([nodes[0][0, [0, 1, 3]].mean(0), nodes[0][1, 0]])
    torch.testing.assert_close(logits, readout.classifier(pooled.view(2, 2, 3).mean(1)))
    torch.testing.assert_close(share, nodes[3] / torch.tensor([[3.0], [1.0]]))


def test_attention_is_gated_attention(nodes):
    readout = build("attention")
    logits, share, _ = readout(*nodes)
    pooled, expected = readout.gate[0](nodes[0], nodes[3])
    torch.testing.assert_close(logits, readout.classifier(pooled.view(2, 2, 3).mean(1)))
    torch.testing.assert_close(share, expected)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_lse_is_the_log_of_the_mean_of_exponentials(nodes, temperature):
    readout = build("lse", temperature=temperature)
    logits, share, scores = readout(*nodes)
    torch.testing.assert_close(scores, readout.scores(nodes[0]))
    for b in range(2):
        mine = scores[b, nodes[3][b]]
        expected = temperature * (mine / temperature).exp().mean(0).log()
        torch.testing.assert_close(logits[b], expected)
        best = torch.softmax(mine[:, logits[b].argmax()] / temperature, 0)
        torch.testing.assert_close(share[b, nodes[3][b]], best)
    assert share[~nodes[3]].abs().sum() == 0


def test_lse_goes_from_mean_to_maximum_with_temperature(nodes):
    warm, cold = build("lse", temperature=1e4), build("lse", temperature=1e-3)
    scores = warm(*nodes)[2][0, nodes[3][0]]
    torch.testing.assert_close(warm(*nodes)[0][0], scores.mean(0), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(cold(*nodes)[0][0], scores.amax(0), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("is_learned", [True, False])
def test_temperature_is_trained_if_asked(nodes, is_learned):
    readout = build("lse", learn_temperature=is_learned)
    readout(*nodes)[0].sum().backward()
    assert (readout.log_temperature.grad is not None) == is_learned


@pytest.mark.parametrize("kind", ["supernode", "attention", "mean", "lse"])
def test_an_empty_bag_is_finite_with_finite_gradients(nodes, kind):
    readout = build(kind)
    tiles = nodes[0].clone().requires_grad_()
    logits, share, _ = readout(tiles, nodes[1], nodes[2] * 0, torch.zeros(2, 4).bool())
    logits.sum().backward()
    assert logits.isfinite().all()
    assert share.abs().sum() == 0
    assert tiles.grad is None or tiles.grad.isfinite().all()
    assert readout(tiles[:, :0], nodes[1], nodes[2][:, :, :0], nodes[3][:, :0])[0].isfinite().all()
    if kind == "lse":
        assert torch.equal(logits, readout.scores.bias.expand(2, C))


@pytest.mark.parametrize("kind", ["supernode", "attention", "mean", "lse"])
def test_script_equals_eager(nodes, kind):
    readout = build(kind).eval()
    for found, expected in zip(torch.jit.script(readout)(*nodes), readout(*nodes), strict=True):
        torch.testing.assert_close(found, expected)


def test_classifier_alone_has_dropout(nodes):
    readout = build("supernode", dropout=0.5).train()
    assert not torch.equal(readout(*nodes)[0], readout(*nodes)[0])
    assert isinstance(build("mean"), PooledReadout)
    assert isinstance(build("lse"), LogSumExpReadout)


def test_unknown_names_and_temperatures_are_refused():
    with pytest.raises(ValueError, match="readout=max is unknown: use supernode, attention"):
        build("max")
    with pytest.raises(ValueError, match=r"temperature=0.0 must be above 0"):
        build("lse", temperature=0.0)
