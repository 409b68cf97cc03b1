"""Attention on the grid equals attention on the dense graph of tiles and supernodes."""

import pytest
import torch

from monai_ext.networks.blocks.gat_message import GATMessage
from monai_ext.ops.bag_layout import BagParts, pad_bags, unpack_bag
from monai_ext.ops.grid_neighbors import flatten_neighbors, grid_neighbors
from monai_ext.testing.random_bags import random_bag

D, HEADS, E = 6, 3, 4


@pytest.fixture
def parts(rng: torch.Generator) -> BagParts:
    sizes = ((2, 2), (2, 1))
    bags = [random_bag(D, s, generator=rng, keep=0.5, levels=(0, 1)) for s in sizes]
    return unpack_bag(pad_bags(bags))


def nodes(parts: BagParts, rng: torch.Generator, supers: int) -> list[torch.Tensor]:
    tiles = parts.features.double().clone()
    known = torch.randn(len(tiles), supers, D, generator=rng, dtype=torch.float64)
    return [tiles.requires_grad_(), known.requires_grad_()]


def grid(message, parts, tiles, supernodes, needs_tiles=True):  # noqa: FBT002
    table = grid_neighbors(parts.level, parts.row, parts.col, 0, 2)
    neighbors = flatten_neighbors(table, HEADS)
    return message(tiles, supernodes, neighbors, parts.level == 0, needs_tiles)


def dense(message, parts, tiles, supernodes):
    """One matrix of all nodes, as a graph library would see it."""
    n, supers, outputs = tiles.shape[1], supernodes.shape[1], []
    for b in range(len(tiles)):
        real = parts.level[b] == 0
        place = torch.stack([parts.row[b], parts.col[b]], 1).double()
        near = torch.zeros(n + supers, n + supers).bool()  # [to, from]
        near[:n, :n] = (torch.cdist(place, place) <= 2.84) & real[:, None] & real[None]
        near[n:, :n] = real
        near[:n, n:] = real[:, None] & message.is_bidirectional
        x = torch.cat([tiles[b], supernodes[b]])
        h = (x @ message.weight.T).view(n + supers, message.heads, message.head_dim)
        left, right = (h * message.source).sum(2).T, (h * message.target).sum(2).T
        scores = torch.nn.functional.leaky_relu(left[:, None] + right[:, :, None], 0.2)
        a = torch.softmax(scores.masked_fill(~near, -torch.inf), 2).nan_to_num(0.0)
        y = (a @ h.transpose(0, 1)).transpose(0, 1).flatten(1)
        outputs.append((y[:n], y[n:], a[:, n:, :n].mean(0)))
    return [torch.stack(part) for part in zip(*outputs, strict=True)]


@pytest.mark.parametrize(
    ("supers", "is_bidirectional", "form"),
    [(0, True, (HEADS, E)), (1, True, (HEADS, E)), (2, True, (HEADS, E)), (2, False, (HEADS, E)),
     (1, True, (1, 9)), (0, True, (1, 2))],
)  # fmt: skip
def test_messages_and_gradients_equal_the_dense_graph(parts, rng, supers, is_bidirectional, form):
    message = GATMessage(D, *form, is_bidirectional=is_bidirectional).double()
    inputs = nodes(parts, rng, supers)
    real = (parts.level == 0).unsqueeze(2)
    results = []
    for function in (grid, dense):
        y, heard, attention = function(message, parts, *inputs)
        y = torch.where(real, y, 0.0)
        loss = y.sin().sum() + heard.cos().sum()
        wanted = [*inputs, *message.parameters()]
        grads = torch.autograd.grad(loss, wanted, allow_unused=True)
        kept = [g for g, x in zip(grads, wanted, strict=True) if g is not None and x.numel()]
        results.append([y, heard, attention, *kept])
    assert len(results[0]) == len(results[1]) >= 6
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)


def test_supernodes_hear_the_same_whether_or_not_tiles_are_asked_for(parts, rng):
    message, inputs = GATMessage(D, HEADS, E).double(), nodes(parts, rng, 2)
    with_tiles, without = (grid(message, parts, *inputs, needs) for needs in (True, False))
    for found, expected in zip(without[1:], with_tiles[1:], strict=True):
        assert torch.equal(found, expected)


def test_a_supernode_does_not_hear_itself_but_asks(parts, rng):
    message, (tiles, known) = GATMessage(D, HEADS, E).double(), nodes(parts, rng, 1)
    message.target.data.zero_()
    heard = grid(message, parts, tiles, known)[1]
    assert torch.equal(grid(message, parts, tiles, known + 1)[1], heard)


def test_dropout_drops_attention_and_not_what_is_explained(parts, rng):
    message, inputs = GATMessage(D, HEADS, E, 0.5).double(), nodes(parts, rng, 1)
    expected, found = grid(message.eval(), parts, *inputs), grid(message.train(), parts, *inputs)
    assert not torch.equal(found[0], expected[0])
    assert not torch.equal(found[1], expected[1])
    assert torch.equal(found[2], expected[2])


def test_initialisation_is_xavier_normal_with_the_gain_of_relu():
    torch.manual_seed(0)  # noqa: TID251
    message = GATMessage(300, 4, 64)
    torch.testing.assert_close(message.weight.std().item(), (4 / 556) ** 0.5, rtol=0.02, atol=0)
    expected = (4 / (256 + 64)) ** 0.5
    torch.testing.assert_close(message.source.std().item(), expected, rtol=0.15, atol=0)
