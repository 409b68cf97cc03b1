"""Softmax over the neighbours of every tile, never wider than the table."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from monai_ext.ops.grid_neighbors import GridNeighbors, spread_heads


def neighbor_softmax(
    source: torch.Tensor,
    target: torch.Tensor,
    extra: torch.Tensor,
    neighbors: GridNeighbors,
    slope: float = 0.2,
) -> tuple[torch.Tensor, torch.Tensor]:
    r"""Attention of graph attention networks over slots of a neighbour table.

    .. math::
        w_{is} = \mathrm{softmax}_s \, \mathrm{LeakyReLU}(u_{j(i, s)} + v_i)

    over the slots that hold a neighbour j and over ``extra`` scores, which stand for nodes that are
    on no grid. Its gradient is gathered through the way back of each slot: nothing is scattered,
    so it is the same at every run.

    Shapes: M rows, H heads, R slots, S extra nodes.

    Args:
        source: u, ``[M, H]``, what a node says as a neighbour.
        target: v, ``[M, H]``, what it says as the one who looks.
        extra: ``[M, H, S]``, scores as they enter the softmax; S may be 0.
        neighbors: of a symmetric table, see :func:`flatten_neighbors`.
        slope: of LeakyReLU below 0, itself above 0.

    Returns:
        Weights of the slots ``[M, H, R]``, 0 where there is no neighbour, and of the extra nodes
        ``[M, H, S]``. They sum to 1 together where a row has a neighbour.
    """
    if torch.jit.is_scripting():
        return _plain(source, target, extra, neighbors, slope)
    else:  # noqa: RET505  (TorchScript does not compile this branch)
        if torch.compiler.is_compiling() or torch.jit.is_tracing():
            return _plain(source, target, extra, neighbors, slope)
        return NeighborSoftmax.apply(source, target, extra, neighbors, slope)  # pyright: ignore[reportReturnType]


def _plain(
    source: torch.Tensor,
    target: torch.Tensor,
    extra: torch.Tensor,
    neighbors: GridNeighbors,
    slope: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    slots: list[torch.Tensor] = []
    for s in range(neighbors.rows.shape[1]):
        slots.append(source.index_select(0, neighbors.rows[:, s]))  # noqa: PERF401  (TorchScript)
    scores = F.leaky_relu(torch.stack(slots, 2) + target.unsqueeze(2), slope)
    return _weights(scores, extra, neighbors.present)


def _weights(
    scores: torch.Tensor, extra: torch.Tensor, present: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    real = present.unsqueeze(1).to(scores.dtype)
    scores = scores + (real - 1) * 1e30
    if extra.shape[2] == 0:
        return torch.softmax(scores, 2) * real, extra
    weights = torch.softmax(torch.cat([scores, extra], 2), 2)
    slots = present.shape[1]
    return weights[:, :, :slots] * real, weights[:, :, slots:]


def gather_back(values: torch.Tensor, index: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """What the neighbour in slot s wrote into its slot that points back here.

    Args:
        values: ``[M, H, R]``.
        index: ``[M, H, R]`` int32, see :class:`GridNeighbors`.
        present: ``[M, R]``, 1 or 0.

    Returns:
        ``[M, H, R]``; 0 where there is no neighbour.
    """
    slots = values.shape[2]
    back = torch.arange(slots - 1, -1, -1, device=index.device, dtype=index.dtype)
    place = (index * slots).add_(back)
    found = values.reshape(-1).index_select(0, place.view(-1)).view_as(values)
    return found.mul_(present.unsqueeze(1))


class NeighborSoftmax(torch.autograd.Function):
    """:func:`neighbor_softmax` that keeps scores and weights, and gathers its gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        source: torch.Tensor,
        target: torch.Tensor,
        extra: torch.Tensor,
        neighbors: GridNeighbors,
        slope: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights of slots and extra nodes."""
        index = index_of_heads(neighbors, source.shape[1])
        found = source.reshape(-1).index_select(0, index.reshape(-1)).view_as(index)
        scores = F.leaky_relu_(found.add_(target.unsqueeze(2)), slope)
        weights, others = _weights(scores, extra, neighbors.present)
        others = others.clone() if extra.shape[2] == 0 else others
        ctx.save_for_backward(scores, weights, others, index, neighbors.present)
        ctx.slope = slope
        return weights, others

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, grad: torch.Tensor, grad_extra: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        """Gradients of source, target and extra."""
        scores, weights, others, index, present = ctx.saved_tensors
        to_scores = weights * grad
        mean = to_scores.sum(2, keepdim=True) + (others * grad_extra).sum(2, keepdim=True)
        to_scores.addcmul_(weights, mean, value=-1.0)
        to_scores = torch.ops.aten.leaky_relu_backward(to_scores, scores, ctx.slope, True)  # noqa: FBT003
        to_source = gather_back(to_scores, index, present).sum(2)
        return to_source, to_scores.sum(2), others * (grad_extra - mean), None, None


def index_of_heads(neighbors: GridNeighbors, heads: int) -> torch.Tensor:
    """``[M, H, R]`` for any number of heads; those of ``neighbors`` are at hand."""
    if neighbors.head_index.shape[1] == heads:
        return neighbors.head_index
    return spread_heads(neighbors.rows, heads)
