"""The frame around a message: residual, normalisation, activation, dropout, recomputation."""

import pytest
import torch

from monai_ext.networks.blocks.grid_layer import GridLayer, run_layer
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.ops.grid_neighbors import flatten_neighbors, grid_neighbors
from monai_ext.testing.random_bags import random_bag

D, HEADS, E = 6, 2, 3
KINDS = ["gat", "gcn", "gin", "mlp"]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)  # noqa: TID251


@pytest.fixture
def inputs(rng: torch.Generator) -> tuple:
    parts = unpack_bag(random_bag(D, (3, 2), generator=rng, keep=0.6, levels=(0,))[None])
    table = grid_neighbors(parts.level, parts.row, parts.col, 0, 2)
    known = torch.randn(1, 1, D, generator=rng)
    return parts.features, known, flatten_neighbors(table, HEADS), parts.level == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("residual", "width"), [("code", 3), ("code", 5), ("identity", 3), ("none", 5)]
)
def test_output_is_message_bias_and_residual_normalised_and_activated(
    inputs, kind, residual, width
):
    layer = GridLayer(kind, D, HEADS, width, residual=residual)
    torch.nn.init.normal_(layer.bias)
    torch.nn.init.constant_(layer.finish[1].weight, -0.5)
    found, parts = layer(*inputs), layer.message(*inputs, True)
    for k in range(2):
        y = parts[k] + layer.bias
        if width == 5 and residual == "code":
            y = y + inputs[k] @ layer.shortcut.weight.T
        if residual == "identity":
            y = y + inputs[k]
        y = torch.nn.functional.layer_norm(y, (HEADS * width,))
        torch.testing.assert_close(found[k], torch.where(y > 0, y, -0.5 * y))
    assert torch.equal(found[2], parts[2])


def test_code_has_no_residual_where_widths_are_equal_and_output_no_finish(inputs):
    assert not any(GridLayer("gat", 6, 2, 3).shortcut.parameters())
    layer = GridLayer("gat", D, 1, 9, residual="none", is_output=True)
    torch.testing.assert_close(layer(*inputs)[0], layer.message(*inputs, True)[0] + layer.bias)


def test_dropout_takes_features_away_before_message_and_residual(inputs):
    layer = GridLayer("mlp", D, HEADS, E, residual="identity", dropout=0.5, is_output=True)
    torch.nn.init.eye_(layer.message.weight)
    out = layer(*inputs)[0] / inputs[0]
    assert set(out.round(decimals=2).unique().tolist()) == {0.0, 4.0}


@pytest.mark.parametrize("kind", KINDS)
def test_recomputed_layers_give_the_same_numbers(inputs, kind):
    layer = GridLayer(kind, D, HEADS, 5, dropout=0.3, attention_dropout=0.3)
    results = []
    for limit in (None, 1, 10**6):
        torch.manual_seed(1)  # noqa: TID251
        tiles = inputs[0].clone().requires_grad_()
        y, heard, _ = run_layer(layer, limit, tiles, *inputs[1:], True)
        loss = y.sin().sum() + heard.sum()
        torch.rand(5)  # recomputation must not depend on what was drawn in between
        results.append([y, *torch.autograd.grad(loss, [tiles, *layer.parameters()])])
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_long_batches_keep_less(inputs):
    kept: list[list[int]] = []
    layer = GridLayer("gat", D, HEADS, 5)
    for limit in (None, 1):
        kept.append([])
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda x, log=kept[-1]: log.append(x.numel()) or x, lambda x: x
        )
        with hooks:
            run_layer(layer, limit, inputs[0].clone().requires_grad_(), *inputs[1:], True)
    assert sum(kept[1]) < 0.2 * sum(kept[0])


@pytest.mark.parametrize("kind", KINDS)
def test_script_equals_eager(inputs, kind):
    layer = GridLayer(kind, D, HEADS, 5).eval()
    for needs in (True, False):
        found = torch.jit.script(layer)(*inputs, needs)
        for a, b in zip(
            found[0 if needs else 1 :], layer(*inputs, needs)[0 if needs else 1 :], strict=True
        ):
            torch.testing.assert_close(a, b)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="layer kind sage is unknown: use gat, gcn, gin, mlp"):
        GridLayer("sage", D, HEADS, E)
    with pytest.raises(ValueError, match="residual=yes is unknown: use code, identity or none"):
        GridLayer("gat", D, HEADS, E, residual="yes")
