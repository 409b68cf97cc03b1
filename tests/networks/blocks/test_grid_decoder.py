"""What stands for hidden tiles, and how far the decoder looks."""

import pytest
import torch

from monai_ext.networks.blocks.grid_decoder import GridDecoder, replace_rows
from monai_ext.ops.grid_neighbors import flatten_neighbors, grid_neighbors


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)  # noqa: TID251


def test_rows_are_replaced_where_chosen_and_pass_no_gradient(rng):
    rows = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64).requires_grad_()
    token = torch.randn(3, generator=rng, dtype=torch.float64).requires_grad_()
    chosen = torch.rand(2, 5, generator=rng) < 0.5
    found = replace_rows(rows, chosen, token)
    assert torch.equal(found, torch.where(chosen.unsqueeze(2), token, rows))
    assert torch.autograd.gradcheck(lambda r, t: replace_rows(r, chosen, t), (rows, token))


@pytest.mark.parametrize("remask", ["token", "zero", "none"])
def test_hidden_nodes_are_what_remask_says(rng, remask):
    decoder, nodes = GridDecoder("gat", 7, 2, 3), torch.randn(1, 4, 6, generator=rng)
    hidden = torch.tensor([[True, False, True, False]])
    found, bridged = decoder.masked_nodes(nodes, hidden, remask), decoder.bridge(nodes)
    stands = {
        "token": decoder.token.expand(2, 6),
        "zero": torch.zeros(2, 6),
        "none": bridged[0, ::2],
    }
    assert torch.equal(found[0, 1::2], bridged[0, 1::2])
    assert torch.equal(found[0, ::2], stands[remask])


@pytest.mark.parametrize("kind", ["gat", "gcn", "gin"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_node_reaches_as_far_as_there_are_layers(kind, layers):
    decoder, row = GridDecoder(kind, 7, 2, 3, layers=layers), torch.arange(9)[None]
    neighbors = flatten_neighbors(grid_neighbors(row * 0, row, row * 0, 0, 1), 2)
    nodes = torch.randn(1, 9, 6, requires_grad=True)
    out = decoder(nodes, neighbors, torch.ones(1, 9).bool())
    assert out.shape == (1, 9, 7)
    (grad,) = torch.autograd.grad(out[0, 4].sum(), nodes)
    reached = grad[0].abs().sum(1).gt(1e-9).tolist()
    assert reached == [abs(i - 4) <= layers for i in range(9)]


def test_mlp_has_no_reach_and_no_layer_is_refused():
    decoder, zero = GridDecoder("mlp", 7, 2, 3), torch.zeros(1, 2).long()
    neighbors = flatten_neighbors(grid_neighbors(zero, zero, torch.tensor([[0, 1]]), 0, 1), 2)
    nodes = torch.randn(1, 2, 6, requires_grad=True)
    out = decoder(nodes, neighbors, torch.ones(1, 2).bool())
    assert torch.autograd.grad(out[0, 0].sum(), nodes)[0][0, 1].abs().sum() == 0
    with pytest.raises(ValueError, match="layers=0 must be at least 1"):
        GridDecoder("mlp", 7, 2, 3, layers=0)
