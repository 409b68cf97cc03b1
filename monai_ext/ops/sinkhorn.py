"""Entropic optimal transport for batches of small or tall problems, with masks."""

from typing import NamedTuple

import torch

from monai_ext.ops.sinkhorn_implicit import ImplicitPlan
from monai_ext.ops.sinkhorn_log import (
    log_mass,
    log_plan,
    log_potentials,
    log_potentials_until,
)
from monai_ext.ops.sinkhorn_problem import SinkhornProblem, sinkhorn_problem
from monai_ext.ops.sinkhorn_scaling import MAX_RANGE, scaling_vectors

MAX_IMPLICIT_ERROR = 1e-3
"""Above this column error the implicit gradient is off by as much, and iterations are unrolled."""


class SinkhornResult(NamedTuple):
    """A transport plan and how it was reached."""

    plan: torch.Tensor
    """``[..., n, m]``; 0 where masked; rows sum to a exactly, columns to b within ``error``."""
    f: torch.Tensor
    """``[..., n]`` row potential in cost units, ``plan = exp((f + g - cost) / epsilon)``."""
    g: torch.Tensor
    """``[..., m]`` column potential; of all that fit, the one whose mean under b is 0."""
    error: torch.Tensor
    """``[...]`` sum over columns of the absolute marginal error, no gradient."""
    n_iters: int
    """Iterations done."""


def sinkhorn(  # noqa: PLR0913
    cost: torch.Tensor,
    a: torch.Tensor | None = None,
    b: torch.Tensor | None = None,
    *,
    epsilon: float,
    n_iters: int,
    tol: float | None = None,
    a_mask: torch.Tensor | None = None,
    b_mask: torch.Tensor | None = None,
    grad: str = "unroll",
    domain: str = "auto",
) -> SinkhornResult:
    r"""Entropic optimal transport plan by Sinkhorn's iterations.

    .. math::
        P = \arg\min_{P \ge 0} \langle P, C \rangle
            + \varepsilon \sum_{ij} P_{ij} (\log P_{ij} - 1),
        \quad P \mathbf{1} = a, \; P^\top \mathbf{1} = b .

    Each iteration updates columns, then rows: row sums are exact, column sums reach b with
    ``n_iters``. Everything runs in float32 (float64 stays), also under autocast. Traced, compiled
    or exported it is :func:`sinkhorn_fixed`, which a scripted module calls by itself.

    Shapes: n rows, m columns, any leading batch axes.

    Args:
        cost: ``[..., n, m]``, finite; masked entries may hold anything.
        a: row masses, broadcastable to ``[..., n]``; None = uniform over real rows. Entries that
            are not positive are masked.
        b: column masses, broadcastable to ``[..., m]``; None = uniform over real columns.
            Scaled to the total of ``a``.
        epsilon: entropic weight > 0 in cost units. Large: a b^T; small: near-permutation and slow.
        n_iters: most iterations, at least 1.
        tol: stop early when no problem of the batch has a larger ``error``; None = never.
        a_mask: ``[..., n]`` bool, True = real row. Masked rows get zero mass and zero plan. A
            problem with no real row or column has a plan of zeros.
        b_mask: ``[..., m]`` bool.
        grad: ``unroll`` differentiates the iterations (plan and potentials; memory grows with
            them); ``implicit`` the optimality conditions (plan only, flat memory, fastest; unrolls
            after all when ``error`` is above 1e-3); ``detach`` nothing. Gradients reach cost, a
            and b.
        domain: ``log`` is right for any cost, ``scaling`` is 2 to 20 times faster and needs costs
            within 80 epsilon (after row and column minima are taken off); ``auto`` chooses.

    Returns:
        Plan, potentials, error and iterations done.

    Raises:
        ValueError: if ``epsilon <= 0``, ``n_iters < 1``, a name is unknown, or ``scaling`` is
            asked for with too wide costs.

    Reference:
        M. Cuturi, Sinkhorn Distances, NeurIPS 2013, https://arxiv.org/abs/1306.0895.
        Differs: log domain where needed, masks, implicit gradient of the plan.

    Example:
        >>> cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
        >>> sinkhorn(cost, epsilon=0.1, n_iters=5).plan.round(decimals=3).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    check_sinkhorn_settings(epsilon, n_iters, grad)
    if domain not in ("auto", "log", "scaling"):
        raise ValueError(f"domain={domain} is unknown: use auto, log or scaling")
    if torch.jit.is_tracing() or torch.compiler.is_compiling():
        return sinkhorn_fixed(cost, a, b, epsilon, n_iters, a_mask, b_mask, grad)
    problem = sinkhorn_problem(cost, a, b, epsilon, a_mask, b_mask)
    with torch.autocast(cost.device.type, enabled=False):
        return _eager(problem, epsilon, n_iters, tol, grad, domain)


def sinkhorn_fixed(
    cost: torch.Tensor,
    a: torch.Tensor | None,
    b: torch.Tensor | None,
    epsilon: float,
    n_iters: int,
    a_mask: torch.Tensor | None,
    b_mask: torch.Tensor | None,
    grad: str,
) -> SinkhornResult:
    """:func:`sinkhorn` where no decision may depend on a value: scripted, traced and exported.

    Log domain, exactly ``n_iters`` iterations, unrolled unless ``grad`` is ``detach``. Arguments,
    result and errors as there; TorchScript takes no keyword-only arguments with defaults.
    """
    check_sinkhorn_settings(epsilon, n_iters, grad)
    problem = sinkhorn_problem(cost, a, b, epsilon, a_mask, b_mask)
    logits, row_mass, col_mass = problem.logits, problem.a, problem.b
    if grad == "detach":
        logits, row_mass, col_mass = logits.detach(), row_mass.detach(), col_mass.detach()
    u, v = log_potentials(logits, row_mass, col_mass, n_iters)
    return _result(problem, log_plan(logits, row_mass, v), u, v, epsilon, n_iters)


def check_sinkhorn_settings(epsilon: float, n_iters: int, grad: str) -> None:
    """Refuse what :func:`sinkhorn` would; a network calls it when it is built."""
    if epsilon <= 0:
        raise ValueError(f"epsilon={epsilon} must be positive: it divides the cost")
    if n_iters < 1:
        raise ValueError(f"n_iters={n_iters} must be at least 1")
    if grad not in ("unroll", "implicit", "detach"):
        raise ValueError(f"grad={grad} is unknown: use unroll, implicit or detach")


def _eager(
    problem: SinkhornProblem,
    epsilon: float,
    n_iters: int,
    tol: float | None,
    grad: str,
    domain: str,
) -> SinkhornResult:
    """Choose a domain by the range of the cost, and a way to the gradient by the error."""
    scaling = _use_scaling(problem, domain)
    if grad == "unroll" or not torch.is_grad_enabled():
        return _solve(problem, epsilon, n_iters, tol, scaling=scaling)
    with torch.no_grad():
        found = _solve(problem, epsilon, n_iters, tol, scaling=scaling)
    if grad == "detach":
        return found
    if float(found.error.max()) > MAX_IMPLICIT_ERROR:
        return _solve(problem, epsilon, n_iters, tol, scaling=scaling)
    plan = ImplicitPlan.apply(problem.logits, problem.a, problem.b, found.plan)
    return found._replace(plan=plan)


def _use_scaling(problem: SinkhornProblem, domain: str) -> bool:
    if domain == "log":
        return False
    spread = -float(problem.logits.detach().min())
    if domain == "scaling" and not spread <= MAX_RANGE:
        raise ValueError(
            f"domain=scaling: costs span {spread:.3g} epsilon, at most {MAX_RANGE:.3g} fit the "
            "range of floats: use domain='auto' or 'log', or a larger epsilon"
        )
    return spread <= MAX_RANGE


def _solve(
    problem: SinkhornProblem, epsilon: float, n_iters: int, tol: float | None, *, scaling: bool
) -> SinkhornResult:
    logits, a, b = problem.logits, problem.a, problem.b
    if scaling:
        plan, u, v, done = scaling_vectors(logits, a, b, n_iters, tol)
        return _result(problem, plan, log_mass(u), log_mass(v), epsilon, done)
    if tol is None:
        u, v = log_potentials(logits, a, b, n_iters)
        done = n_iters
    else:
        u, v, done = log_potentials_until(logits, a, b, n_iters, tol)
    return _result(problem, log_plan(logits, a, v), u, v, epsilon, done)


def _result(
    problem: SinkhornProblem,
    plan: torch.Tensor,
    u: torch.Tensor,
    v: torch.Tensor,
    epsilon: float,
    n_iters: int,
) -> SinkhornResult:
    plan = torch.where(problem.real, plan, 0.0)
    rows, cols = problem.real.any(-1), problem.real.any(-2)
    wanted = torch.where(cols, problem.b, 0.0)
    f = torch.where(rows, epsilon * u + problem.row_shift, 0.0)
    g = torch.where(cols, epsilon * v + problem.col_shift, 0.0)
    level = (wanted * g).sum(-1, keepdim=True) / problem.b.sum(-1, keepdim=True)
    f, g = torch.where(rows, f + level, 0.0), torch.where(cols, g - level, 0.0)
    error = (plan.sum(-2) - wanted).detach().abs().sum(-1)
    return SinkhornResult(plan, f, g, error, n_iters)
