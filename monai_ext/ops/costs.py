"""Cost matrices between two sets of vectors."""

import torch

COST_METRICS = ("cosine", "l2", "sqeuclidean")
COST_SCALES = ("none", "mean", "max")


def cost_matrix(
    x: torch.Tensor,
    y: torch.Tensor,
    metric: str = "l2",
    scale: str = "none",
    x_mask: torch.Tensor | None = None,
    y_mask: torch.Tensor | None = None,
) -> torch.Tensor:
    r"""Distance of every row of ``x`` to every row of ``y``, in full precision.

    ``sqeuclidean`` is :math:`|x|^2 + |y|^2 - 2 x y^\top` after both sets are moved by one common
    vector, which keeps the digits; ``l2`` its root; ``cosine`` is ``1 - cos``, from 0 to 2.
    Two vectors closer than rounding can tell (a millionth of their size in float32) are at
    distance 0 with gradient 0, where a plain root would give infinity.

    Shapes: n rows, m columns, d width; leading axes broadcast.

    Args:
        x: ``[..., n, d]``; half precision is raised to float32, autocast is off.
        y: ``[..., m, d]``.
        metric: ``cosine``, ``l2`` or ``sqeuclidean``.
        scale: divide by the ``mean`` or ``max`` of the unmasked costs of each problem, a constant
            for the gradient: an entropic weight then means the same for every slide. ``none``: no.
        x_mask: ``[..., n]`` bool, True = real; used by ``scale`` only.
        y_mask: ``[..., m]`` bool.

    Returns:
        ``[..., n, m]``, at least 0; masked entries are finite.

    Raises:
        ValueError: if ``metric`` or ``scale`` is unknown.
    """
    check_cost_settings(metric, scale)
    if x.dtype != torch.float64:
        x, y = x.float(), y.float()
    if torch.jit.is_scripting():
        cost = _distance(x, y, metric)
    else:
        with torch.autocast(x.device.type, enabled=False):
            cost = _distance(x, y, metric)
    if scale == "none":
        return cost
    return cost / _size(cost.detach(), scale, x_mask, y_mask)


def check_cost_settings(metric: str, scale: str) -> None:
    """Refuse what :func:`cost_matrix` would; a network calls it when it is built."""
    if metric not in ("cosine", "l2", "sqeuclidean"):
        raise ValueError(f"metric={metric} is unknown: use cosine, l2 or sqeuclidean")
    if scale not in ("none", "mean", "max"):
        raise ValueError(f"scale={scale} is unknown: use none, mean or max")


def _distance(x: torch.Tensor, y: torch.Tensor, metric: str) -> torch.Tensor:
    if metric == "cosine":
        unit_x, unit_y = _unit(x), _unit(y)
        return (1 - unit_x @ unit_y.transpose(-1, -2)).clamp_min(0)
    square = _square_distance(x, y)
    if metric == "sqeuclidean":
        return square
    apart = square > 0
    return torch.where(apart, torch.where(apart, square, 1.0).sqrt(), 0.0)


def _unit(x: torch.Tensor) -> torch.Tensor:
    return x / (x * x).sum(-1, keepdim=True).clamp_min(1e-24).sqrt()


def _square_distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    size = (x * x).sum(-1).unsqueeze(-1) + (y * y).sum(-1).unsqueeze(-2)
    centre = x.detach().mean(-2, keepdim=True)
    x, y = x - centre, y - centre
    square = (x * x).sum(-1).unsqueeze(-1) + (y * y).sum(-1).unsqueeze(-2)
    square = square - 2 * (x @ y.transpose(-1, -2))
    resolution = 1e-12 if x.dtype == torch.float32 else 1e-28
    return torch.where(square > resolution * size.detach(), square, 0.0)


def _size(
    cost: torch.Tensor, scale: str, x_mask: torch.Tensor | None, y_mask: torch.Tensor | None
) -> torch.Tensor:
    real = torch.ones_like(cost, dtype=torch.bool)
    if x_mask is not None:
        real = real & x_mask.unsqueeze(-1)
    if y_mask is not None:
        real = real & y_mask.unsqueeze(-2)
    kept = torch.where(real, cost, 0.0)
    if scale == "max":
        size = kept.amax([-2, -1], keepdim=True)
    else:
        size = kept.sum([-2, -1], keepdim=True) / real.sum([-2, -1], keepdim=True).clamp_min(1)
    return torch.where(size > 0, size, 1.0)
