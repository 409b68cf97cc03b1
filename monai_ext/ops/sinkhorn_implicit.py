"""The gradient of a converged plan from its optimality conditions, whatever found the plan."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable


class ImplicitPlan(torch.autograd.Function):
    r"""Identity on the plan; gradient to logits and marginals by the implicit function theorem.

    With :math:`P_{ij} = e^{u_i + v_j + L_{ij}}`, rows a, columns b, an incoming gradient G and
    :math:`W = P \circ G`, the adjoint :math:`(\lambda, \mu)` solves

    .. math::
        \begin{pmatrix} \mathrm{diag}(a) & P \\ P^\top & \mathrm{diag}(b) \end{pmatrix}
        \begin{pmatrix} \lambda \\ \mu \end{pmatrix} =
        \begin{pmatrix} W \mathbf 1 \\ W^\top \mathbf 1 \end{pmatrix},
        \quad \bar L = P \circ (G - \lambda \mathbf 1^\top - \mathbf 1 \mu^\top),
        \; \bar a = \lambda, \; \bar b = \mu .

    The matrix is singular along :math:`(\mathbf 1, -\mathbf 1)`, since u and v may trade a
    constant. The right side is orthogonal to it, so any solution serves; the caller must keep
    sum(a) = sum(b), under which the choice cancels. The marginals in the system are the plan's own
    sums, so the system is consistent to rounding also for a plan that has not quite converged.

    Memory does not grow with the iterations that found the plan. Differentiable once.

    Reference:
        G. Luise et al., Differential properties of Sinkhorn approximation, NeurIPS 2018.
        Differs: gradient of the plan, and both marginals; masks.
    """

    @staticmethod
    def forward(
        ctx: Any,
        logits: torch.Tensor,  # noqa: ARG004  (receives its gradient)
        a: torch.Tensor,  # noqa: ARG004
        b: torch.Tensor,  # noqa: ARG004
        plan: torch.Tensor,
    ) -> torch.Tensor:
        """Return ``plan [..., n, m]``, the solution for logits, a and b found without gradient."""
        ctx.save_for_backward(plan)
        return plan.view_as(plan)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        """Gradients of logits, a and b."""
        (grad,) = grad_outputs
        (plan,) = ctx.saved_tensors
        weighted = plan * grad
        if plan.shape[-1] <= plan.shape[-2]:
            lam, mu = _adjoint(plan, weighted)
        else:
            mu, lam = _adjoint(plan.mT, weighted.mT)
        to_logits = weighted - plan * (lam.unsqueeze(-1) + mu.unsqueeze(-2))
        return to_logits, lam, mu, None


def _adjoint(plan: torch.Tensor, weighted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Solve for (lambda, mu) by eliminating the rows; columns should be the shorter side."""
    dtype = plan.dtype
    plan, weighted = plan.double(), weighted.double()
    rows, cols = plan.sum(-1, keepdim=True), plan.sum(-2)
    per_row = torch.where(rows > 0, 1 / rows, 0.0)
    scaled = plan * per_row
    right_rows = weighted.sum(-1, keepdim=True)
    right_cols = weighted.sum(-2).unsqueeze(-1) - scaled.mT @ right_rows
    schur = torch.diag_embed(cols) - plan.mT @ scaled
    schur = schur + cols.unsqueeze(-1) * cols.unsqueeze(-2) / cols.sum(-1)[..., None, None]
    floor = torch.where(cols > 0, 1e-12 * cols.amax(-1, keepdim=True), 1.0)
    schur = schur + torch.diag_embed(floor)
    mu = torch.linalg.solve(schur, right_cols)
    lam = per_row * (right_rows - plan @ mu)
    return lam.squeeze(-1).to(dtype), mu.squeeze(-1).to(dtype)
