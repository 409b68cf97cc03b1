"""Sums over slots equal a dense matrix product, with gradients, and stay as small as promised."""

import importlib
import resource
import subprocess
import sys

import pytest
import torch

from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.ops.grid_neighbors import GridNeighbors, flatten_neighbors, grid_neighbors
from monai_ext.ops.neighbor_sum import neighbor_sum
from monai_ext.testing.random_bags import random_bag

HEADS, WIDTH = 3, 4


@pytest.fixture
def neighbors(rng: torch.Generator) -> GridNeighbors:
    parts = unpack_bag(random_bag(1, (2, 1), generator=rng, keep=0.6)[None].repeat(2, 1, 1))
    return flatten_neighbors(grid_neighbors(parts.level, parts.row, parts.col, 0, 2), HEADS)


@pytest.fixture
def inputs(neighbors, rng) -> list[torch.Tensor]:
    rows, slots = neighbors.rows.shape
    values = torch.randn(rows, HEADS, WIDTH, generator=rng, dtype=torch.float64)
    weights = torch.randn(rows, HEADS, slots, generator=rng, dtype=torch.float64)
    return [values.requires_grad_(), weights.requires_grad_()]


def weighted(values, weights, neighbors):
    return neighbor_sum(values, weights * neighbors.present.unsqueeze(1), neighbors)


def dense(values, weights, neighbors):
    rows, slots = neighbors.rows.shape
    heads = values.shape[1]
    matrix = torch.zeros(heads, rows, rows, dtype=values.dtype)
    index = neighbors.rows.long().expand(heads, rows, slots)
    kept = (weights * neighbors.present.unsqueeze(1)).transpose(0, 1)
    return (matrix.scatter_add(2, index, kept) @ values.transpose(0, 1)).transpose(0, 1)


def with_gradients(function, inputs, neighbors):
    out = function(*inputs, neighbors)
    return [out, *torch.autograd.grad(out.sin().sum(), inputs)]


def test_sums_and_gradients_equal_the_dense_ones(inputs, neighbors):
    pairs = (with_gradients(f, inputs, neighbors) for f in (weighted, dense))
    for found, expected in zip(*pairs, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_gradcheck(inputs, neighbors):
    assert torch.autograd.gradcheck(lambda *x: weighted(*x, neighbors), inputs)


def test_slot_loop_equals_the_fused_kernels(inputs, neighbors, monkeypatch):
    scaled = (inputs[0], torch.softmax(inputs[1], 2))
    single = [x.detach().float().requires_grad_() for x in scaled]
    fused = with_gradients(weighted, single, neighbors)
    module = importlib.import_module(
        "monai_ext.ops.neighbor_sum"
    )  # the room has a function so named
    monkeypatch.setattr(module, "_is_quick", lambda _: False)
    for found, expected in zip(with_gradients(weighted, single, neighbors), fused, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_script_equals_eager(inputs, neighbors):
    weights = inputs[1] * neighbors.present.unsqueeze(1)
    scripted = torch.jit.script(neighbor_sum)(inputs[0], weights, neighbors)
    torch.testing.assert_close(scripted, neighbor_sum(inputs[0], weights, neighbors))


def test_fewer_rows_than_slots(rng):
    zero, col = torch.zeros(1, 3).long(), torch.arange(3)[None]
    few = flatten_neighbors(grid_neighbors(zero, zero, col, 0, 2), 1)
    values = torch.randn(3, 1, WIDTH, generator=rng, dtype=torch.float64).requires_grad_()
    weights = torch.randn(3, 1, 25, generator=rng, dtype=torch.float64).requires_grad_()
    pairs = (with_gradients(f, [values, weights], few) for f in (weighted, dense))
    for found, expected in zip(*pairs, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_other_numbers_of_heads_than_prepared(inputs, neighbors):
    one = weighted(inputs[0][:, 1:2], inputs[1][:, 1:2], neighbors)
    torch.testing.assert_close(one, weighted(*inputs, neighbors)[:, 1:2])


def test_gradients_are_the_same_at_every_run(inputs, neighbors):
    first, second = (with_gradients(weighted, inputs, neighbors) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


MEMORY = """
import resource, torch
from monai_ext.ops.grid_neighbors import flatten_neighbors, grid_neighbors
from monai_ext.ops.neighbor_sum import neighbor_sum
n, width = 40000, 256
place = torch.arange(n)[None]
neighbors = flatten_neighbors(grid_neighbors(place * 0, place // 200, place % 200, 0, 2), 1)
values = torch.randn(n, 1, width, requires_grad=True)
weights = torch.rand(n, 1, 25, requires_grad=True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
neighbor_sum(values, weights, neighbors).sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_memory_is_that_of_a_few_copies_of_the_values():
    """All neighbours' values would be 1 GB; result and gradients of values are 41 MB each."""
    command = [sys.executable, "-c", MEMORY]
    grown = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    unit = 1 if sys.platform == "darwin" else 1024
    assert resource.RUSAGE_SELF == 0
    assert int(grown.stdout) * unit < 300e6
