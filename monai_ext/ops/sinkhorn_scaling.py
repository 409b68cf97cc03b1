"""Sinkhorn iterations on the kernel itself: fast, for costs within some 80 epsilon."""

from __future__ import annotations

from typing import Any

import torch

from monai_ext.ops.sinkhorn_log import CHECK_EVERY

MAX_RANGE = 80.0
"""Largest shifted cost over epsilon: exp(-80) is a normal float32, and so are the scalings."""
PLAIN_RANGE = 20.0
"""Up to here the derivative of a division, v / (K^T u), is in the range of float32 too."""


def scaling_vectors(
    logits: torch.Tensor, a: torch.Tensor, b: torch.Tensor, n_iters: int, tol: float | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
    r"""Iterate :math:`v = b / K^\top u`, :math:`u = a / K v` with :math:`K = \exp(L)`.

    Unrolled, autograd keeps n + m numbers an iteration, not n m. Beyond ``PLAIN_RANGE`` the
    divisions are differentiated by :class:`WideShare`.

    Args:
        logits: ``[..., n, m]``, at least ``-MAX_RANGE``.
        a: ``[..., n]``, 0 = masked.
        b: ``[..., m]``, 0 = masked.
        n_iters: at most so many iterations.
        tol: stop when the worst column error of the batch (absolute, summed) is below; None: never.

    Returns:
        The plan ``[..., n, m]``, u, v (0 where masked) and the iterations done; u was updated last.
    """
    kernel = logits.exp()
    rows, cols = logits.shape[-2:]
    # a row vector times a transposed view is the fastest product that bmm has for these shapes
    to_rows = kernel.reshape(-1, rows, cols).mT
    to_cols = to_rows.contiguous().mT
    row_mass, col_mass = a.reshape(-1, 1, rows), b.reshape(-1, 1, cols)
    u, v = (row_mass > 0).to(kernel.dtype), col_mass
    share = WideShare.apply if _is_wide(logits, a, b) else torch.div
    done = n_iters
    for k in range(n_iters):
        reach = torch.bmm(u, to_cols)
        if tol is not None and k and k % CHECK_EVERY == 0:
            error = (v * reach - col_mass).detach().abs().sum(-1).max()
            if float(error) <= tol:
                done = k
                break
        v = share(col_mass, reach)
        u = share(row_mass, torch.bmm(v, to_rows))
    u, v = u.reshape(a.shape), v.reshape(b.shape)
    return u.unsqueeze(-1) * kernel * v.unsqueeze(-2), u, v, done


class WideShare(torch.autograd.Function):
    r"""``mass / reach`` whose gradient does not overflow for scalings as large as exp(80).

    The derivative by reach, :math:`-g s / r` with the share :math:`s = m / r`, is finite, since
    :math:`g` is large only where :math:`s` is small; but autograd's division computes
    :math:`s / r` first. Slower than that division: a call of Python each way.
    """

    @staticmethod
    def forward(ctx: Any, mass: torch.Tensor, reach: torch.Tensor) -> torch.Tensor:
        """Return ``mass / reach``; reach is positive."""
        share = mass / reach
        ctx.save_for_backward(mass, reach, share)
        return share

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients of mass, 0 where there is none, and of reach."""
        (grad,) = grad_outputs
        mass, reach, share = ctx.saved_tensors
        return torch.where(mass > 0, grad / reach, 0.0), -(grad * share) / reach


def _is_wide(logits: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> bool:
    if not (torch.is_grad_enabled() and any(x.requires_grad for x in (logits, a, b))):
        return False
    return float(logits.detach().min()) < -PLAIN_RANGE
