"""Weighted sums over the neighbours of every tile, without an array of all neighbours' values."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from monai_ext.ops.grid_neighbors import GridNeighbors
from monai_ext.ops.neighbor_softmax import gather_back, index_of_heads


def neighbor_sum(
    values: torch.Tensor, weights: torch.Tensor, neighbors: GridNeighbors
) -> torch.Tensor:
    r"""Sum over slots of weight times the neighbour's value, :math:`\sum_s w_{is} x_{j(i, s)}`.

    Memory is that of ``values`` and ``weights``: no ``[M, R, E]`` array exists, neither here nor in
    the gradient, which is gathered through the way back of each slot and so is the same at
    every run.

    Shapes: M rows, H heads, R slots, E width.

    Args:
        values: ``[M, H, E]``.
        weights: ``[M, H, R]``, 0 where there is no neighbour.
        neighbors: of a symmetric table, see :func:`flatten_neighbors`.

    Returns:
        ``[M, H, E]``.
    """
    if torch.jit.is_scripting():
        return _slot_sum(values, weights, neighbors.rows)
    else:  # noqa: RET505  (TorchScript does not compile this branch)
        if torch.compiler.is_compiling() or torch.jit.is_tracing():
            return _slot_sum(values, weights, neighbors.rows)
        return NeighborSum.apply(values, weights, neighbors)  # pyright: ignore[reportReturnType]


def _slot_sum(values: torch.Tensor, weights: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    total = torch.zeros_like(values)
    for s in range(index.shape[1]):
        total = total + values.index_select(0, index[:, s]) * weights[:, :, s : s + 1]
    return total


def _slot_products(values: torch.Tensor, others: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Inner product of row i of ``others`` with each neighbour's value, ``[M, H, R]``."""
    slots = [(values.index_select(0, index[:, s]) * others).sum(2) for s in range(index.shape[1])]
    return torch.stack(slots, 2)


class NeighborSum(torch.autograd.Function):
    """:func:`neighbor_sum` that keeps values, weights and table only.

    On a CPU the sums are an embedding bag and the products a sampled matrix product, which read
    every neighbour once, straight from ``values``.
    """

    @staticmethod
    def forward(
        ctx: Any, values: torch.Tensor, weights: torch.Tensor, neighbors: GridNeighbors
    ) -> torch.Tensor:
        """``[M, H, E]``."""
        head_index = index_of_heads(neighbors, values.shape[1])
        ctx.save_for_backward(values, weights, neighbors.rows, head_index, neighbors.present)
        return _sums(values, weights, neighbors.rows, head_index)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        """Gradients of values and weights."""
        (grad,) = grad_outputs
        values, weights, index, head_index, present = ctx.saved_tensors
        to_values = to_weights = None
        if ctx.needs_input_grad[0]:
            back = gather_back(weights, head_index, present)
            to_values = _sums(grad, back, index, head_index)
        if ctx.needs_input_grad[1]:
            to_weights = _products(values, grad, index, head_index)
        return to_values, to_weights, None


def _sums(
    values: torch.Tensor, weights: torch.Tensor, index: torch.Tensor, head_index: torch.Tensor
) -> torch.Tensor:
    if not _is_quick(values):
        return _slot_sum(values, weights, index)
    rows, slots = values.shape[0] * values.shape[1], weights.shape[2]
    total = F.embedding_bag(
        head_index.view(rows, slots),
        values.reshape(rows, -1),
        per_sample_weights=weights.reshape(rows, slots),
        mode="sum",
    )
    return total.view(values.shape)


def _products(
    values: torch.Tensor, others: torch.Tensor, index: torch.Tensor, head_index: torch.Tensor
) -> torch.Tensor:
    rows, slots = values.shape[0] * values.shape[1], index.shape[1]
    if not _is_quick(values) or rows < slots:  # a CSR matrix holds no more than its full number
        return _slot_products(values, others, index)
    _expect_beta_warning()
    pattern = torch.sparse_csr_tensor(
        torch.arange(0, rows * slots + 1, slots, dtype=torch.int32),
        head_index.view(-1),
        torch.zeros(rows * slots, dtype=values.dtype),
        size=(rows, rows),
        check_invariants=False,
    )
    flat, other = values.reshape(rows, -1), others.reshape(rows, -1)
    found = torch.sparse.sampled_addmm(pattern, other, flat.mT, beta=0.0)
    return found.values().view(head_index.shape)


def _is_quick(values: torch.Tensor) -> bool:
    known = values.dtype in (torch.float32, torch.float64)
    return values.device.type == "cpu" and known and values.numel() > 0


@functools.cache
def _expect_beta_warning() -> None:
    """PyTorch says once a process that its CSR tensors are in beta; nobody can act on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = torch.ones(1, dtype=torch.int32)
        torch.sparse_csr_tensor(one.new_tensor([0, 1]), one - 1, one.float(), size=(1, 1))
