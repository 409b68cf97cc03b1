"""Sinkhorn iterations in the log domain: slower, right at any size of cost; scriptable."""

import torch

CHECK_EVERY = 5
"""Iterations between two looks at the error (a look waits for the device)."""


def log_potentials(
    logits: torch.Tensor, a: torch.Tensor, b: torch.Tensor, n_iters: int
) -> tuple[torch.Tensor, torch.Tensor]:
    r"""Fixed iterations of :math:`v = \log b - \mathrm{LSE}_i(L + u)`, then the same for u.

    Args:
        logits: ``[..., n, m]``.
        a: ``[..., n]``, 0 = masked.
        b: ``[..., m]``, 0 = masked.
        n_iters: at least 1.

    Returns:
        ``u [..., n]`` and ``v [..., m]``, ``-inf`` where masked; u was updated last.
    """
    log_a, log_b = log_mass(a), log_mass(b)
    u = log_start(log_a)
    v = log_b
    for _ in range(n_iters):
        v = log_b - torch.logsumexp(logits + u.unsqueeze(-1), -2)
        u = log_a - torch.logsumexp(logits + v.unsqueeze(-2), -1)
    return u, v


def log_potentials_until(
    logits: torch.Tensor, a: torch.Tensor, b: torch.Tensor, n_iters: int, tol: float
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """As :func:`log_potentials`, but stop when the worst column error of a batch is below ``tol``.

    Returns:
        u, v and the iterations done.
    """
    log_a, log_b = log_mass(a), log_mass(b)
    u, v = log_start(log_a), log_b
    for done in range(n_iters):
        reach = torch.logsumexp(logits + u.unsqueeze(-1), -2)
        if done and done % CHECK_EVERY == 0:
            error = ((v + reach).exp() - b).detach().abs().sum(-1).max()
            if float(error) <= tol:
                return u, v, done
        v = log_b - reach
        u = log_a - torch.logsumexp(logits + v.unsqueeze(-2), -1)
    return u, v, n_iters


def log_plan(logits: torch.Tensor, a: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """The plan of a last row update: row sums are exact and nothing can overflow."""
    return a.unsqueeze(-1) * torch.softmax(logits + v.unsqueeze(-2), -1)


def log_mass(mass: torch.Tensor) -> torch.Tensor:
    """Logarithm, ``-inf`` with zero gradient where there is no mass."""
    real = mass > 0
    return torch.where(real, torch.where(real, mass, 1.0).log(), float("-inf"))


def log_start(log_mass: torch.Tensor) -> torch.Tensor:
    """0 where there is mass, else ``-inf``."""
    return torch.where(torch.isfinite(log_mass), 0.0, log_mass.detach())
