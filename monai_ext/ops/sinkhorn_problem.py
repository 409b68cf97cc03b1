"""An entropic transport problem with its masks resolved and its numbers in range."""

from typing import NamedTuple

import torch


class SinkhornProblem(NamedTuple):
    """What the solvers see; n rows, m columns. Every problem in it has a real row and column."""

    logits: torch.Tensor
    """``[..., n, m]``, minus the shifted cost over epsilon, at most 0."""
    a: torch.Tensor
    """``[..., n]`` row masses, 0 = masked."""
    b: torch.Tensor
    """``[..., m]`` column masses, 0 = masked, the total of ``a``."""
    row_shift: torch.Tensor
    """``[..., n]`` taken from each row of the cost, no gradient."""
    col_shift: torch.Tensor
    """``[..., m]`` taken from each column of the cost, no gradient."""
    real: torch.Tensor
    """``[..., n, m]`` bool, False where the plan is 0 by mask."""


def sinkhorn_problem(
    cost: torch.Tensor,
    a: torch.Tensor | None,
    b: torch.Tensor | None,
    epsilon: float,
    a_mask: torch.Tensor | None,
    b_mask: torch.Tensor | None,
) -> SinkhornProblem:
    """Resolve masks and marginals, and shift the cost.

    Taking a constant from a row or a column of the cost changes no plan; with the minima taken,
    common offsets cost no digits. A problem without a real row or column becomes the uniform
    problem of zero cost, and ``real`` is False all over.

    Args:
        cost: ``[..., n, m]``.
        a: ``[..., n]`` or None = uniform over real rows; an entry that is not positive is masked.
        b: ``[..., m]`` or None; scaled to the total of ``a``.
        epsilon: entropic weight > 0.
        a_mask: ``[..., n]`` bool or None.
        b_mask: ``[..., m]`` bool or None.

    Returns:
        The problem, float32 or float64.
    """
    if cost.dtype != torch.float64:
        cost = cost.float()
    a_real = _real_entries(cost[..., 0], a, a_mask)
    b_real = _real_entries(cost[..., 0, :], b, b_mask)
    alive = a_real.any(-1, keepdim=True) & b_real.any(-1, keepdim=True)
    real = a_real.unsqueeze(-1) & b_real.unsqueeze(-2)
    a_mass = _masses(a, a_real | ~alive, alive, cost)
    b_mass = _masses(b, b_real | ~alive, alive, cost)
    b_mass = b_mass * (a_mass.sum(-1, keepdim=True) / b_mass.sum(-1, keepdim=True))
    constant = cost.detach()
    row_shift = _minimum(constant, real, -1)
    col_shift = _minimum(constant - row_shift.unsqueeze(-1), real, -2)
    shifted = cost - row_shift.unsqueeze(-1) - col_shift.unsqueeze(-2)
    logits = torch.where(real, shifted, 0.0) / -epsilon
    return SinkhornProblem(logits, a_mass, b_mass, row_shift, col_shift, real)


def _real_entries(
    like: torch.Tensor, mass: torch.Tensor | None, mask: torch.Tensor | None
) -> torch.Tensor:
    real = torch.ones_like(like, dtype=torch.bool)
    if mask is not None:
        real = real & mask
    if mass is not None:
        real = real & (mass > 0)
    return real


def _masses(
    mass: torch.Tensor | None, real: torch.Tensor, alive: torch.Tensor, cost: torch.Tensor
) -> torch.Tensor:
    uniform = real.to(cost.dtype) / real.sum(-1, keepdim=True)
    if mass is None:
        return uniform
    return torch.where(alive, torch.where(real, mass.to(cost.dtype), 0.0), uniform)


def _minimum(cost: torch.Tensor, real: torch.Tensor, dim: int) -> torch.Tensor:
    low = torch.where(real, cost, float("inf")).amin(dim)
    return torch.where(torch.isfinite(low), low, 0.0)
