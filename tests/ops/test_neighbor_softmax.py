"""Weights over slots equal a dense masked softmax, with gradients, in every form."""

import pytest
import torch

from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.ops.grid_neighbors import GridNeighbors, flatten_neighbors, grid_neighbors
from monai_ext.ops.neighbor_softmax import gather_back, neighbor_softmax
from monai_ext.testing.random_bags import random_bag

HEADS = 3


@pytest.fixture
def neighbors(rng: torch.Generator) -> GridNeighbors:
    parts = unpack_bag(random_bag(1, (2, 1), generator=rng, keep=0.6)[None].repeat(2, 1, 1))
    table = grid_neighbors(parts.level, parts.row, parts.col, 0, 2)
    return flatten_neighbors(table, HEADS)


def scores(neighbors: GridNeighbors, rng: torch.Generator, extra: int) -> list[torch.Tensor]:
    rows = neighbors.rows.shape[0]
    shapes = [(rows, HEADS), (rows, HEADS), (rows, HEADS, extra)]
    return [torch.randn(s, generator=rng, dtype=torch.float64).requires_grad_() for s in shapes]


def dense(source, target, extra, neighbors, slope):
    """The full matrix of rows by rows, masked, then read at the slots."""
    rows, slots = neighbors.rows.shape
    real = neighbors.present.bool()
    near = torch.zeros(rows, rows).bool()
    for i in range(rows):
        near[i, neighbors.rows[i][real[i]].long()] = True
    full = torch.nn.functional.leaky_relu(source.T[:, None] + target.T[:, :, None], slope)
    full = full.masked_fill(~near, -torch.inf)
    weights = torch.softmax(torch.cat([full, extra.transpose(0, 1)], 2), 2).nan_to_num(0.0)
    index = neighbors.rows.long().expand(HEADS, rows, slots)
    at_slots = weights[:, :, :rows].gather(2, index) * neighbors.present
    return at_slots.transpose(0, 1), weights[:, :, rows:].transpose(0, 1)


@pytest.mark.parametrize("extra", [0, 2])
def test_weights_and_gradients_equal_the_dense_ones(neighbors, rng, extra):
    real = neighbors.present.sum(1) > 0
    inputs, g = scores(neighbors, rng, extra), torch.randn(25 + extra, generator=rng).double()
    results = []
    for function in (neighbor_softmax, dense):
        weights = torch.cat(function(*inputs, neighbors, 0.2), 2)[real]
        results.append(
            [weights, *torch.autograd.grad((weights * g).sum(), inputs, allow_unused=True)]
        )
    for found, expected in zip(*results, strict=True):
        if found is not None and found.numel():
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("extra", [0, 1])
def test_gradcheck(neighbors, rng, extra):
    inputs = scores(neighbors, rng, extra)
    assert torch.autograd.gradcheck(lambda *x: neighbor_softmax(*x, neighbors), inputs)


@pytest.mark.parametrize("extra", [0, 2])
def test_weights_sum_to_one_and_are_zero_where_nobody_is(neighbors, rng, extra):
    inputs = [x.float() * 100 for x in scores(neighbors, rng, extra)]
    weights, others = neighbor_softmax(*inputs, neighbors)
    real = neighbors.present.sum(1) > 0
    torch.testing.assert_close(
        (weights.sum(2) + others.sum(2))[real], torch.ones(int(real.sum()), HEADS)
    )
    assert (weights * (1 - neighbors.present.unsqueeze(1))).abs().sum() == 0


def test_script_equals_eager(neighbors, rng):
    inputs = scores(neighbors, rng, 2)
    scripted = torch.jit.script(neighbor_softmax)(*inputs, neighbors, 0.2)
    for found, expected in zip(scripted, neighbor_softmax(*inputs, neighbors), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_other_numbers_of_heads_than_prepared(neighbors, rng):
    inputs = scores(neighbors, rng, 0)
    both = neighbor_softmax(*inputs, neighbors)[0]
    one = neighbor_softmax(*(x[:, 1:2] for x in inputs), neighbors)[0]
    torch.testing.assert_close(one, both[:, 1:2])


def test_what_is_gathered_back_is_what_the_neighbour_wrote(neighbors, rng):
    values = torch.randn(neighbors.head_index.shape, generator=rng)
    back = gather_back(values, neighbors.head_index, neighbors.present)
    for i, s in neighbors.present.nonzero().tolist():
        j = int(neighbors.rows[i, s])
        assert torch.equal(back[i, :, s], values[j, :, 24 - s])
    assert (back * (1 - neighbors.present.unsqueeze(1))).abs().sum() == 0
