"""How a plan and region weights update the prototypes of a coarser magnification."""

import torch


def combine_prototypes(
    plan: torch.Tensor,
    weights: torch.Tensor,
    prototypes: torch.Tensor,
    combine: str = "literal",
    plan_norm: str = "row",
) -> torch.Tensor:
    r"""Weighted transport of prototypes.

    With the guide's regions u, the coarser level's regions v and the normalised plan
    :math:`\hat O`:

    - ``literal``: :math:`P'_v = \sum_u \hat O_{uv} w_u P_u`. Index u is a region of the guide but
      picks a prototype of the coarser level: valid only if region u is the same tissue at both.
    - ``barycentric``: :math:`P'_u = w_u \sum_v \hat O_{uv} P_v`, in the guide's frame.
    - ``transported``: :math:`P'_v = \big(\sum_u \hat O_{uv} w_u\big) P_v`.

    Args:
        plan: O, ``[..., m, m]``, rows u, columns v; 0 where masked.
        weights: w, ``[..., m]`` at least 0.
        prototypes: ``[..., m, d]``, 0 where masked.
        combine: as above.
        plan_norm: ``row`` divides each row of the plan by its sum, so that prototypes keep their
            size; ``none`` leaves entries that sum to 1 over the whole plan.

    Returns:
        ``[..., m, d]``.

    Raises:
        ValueError: if a name is unknown.
    """
    check_combination(combine, plan_norm)
    if plan_norm == "row":
        plan = normalise_rows(plan)
    weighted = (plan * weights.unsqueeze(-1)).to(prototypes.dtype)
    if combine == "literal":
        return weighted.transpose(-1, -2) @ prototypes
    if combine == "barycentric":
        return weighted @ prototypes
    return weighted.sum(-2).unsqueeze(-1) * prototypes


def check_combination(combine: str, plan_norm: str) -> None:
    """Refuse what :func:`combine_prototypes` would; a network calls it when it is built."""
    if combine not in ("literal", "barycentric", "transported"):
        raise ValueError(f"combine={combine} is unknown: use literal, barycentric or transported")
    if plan_norm not in ("row", "none"):
        raise ValueError(f"plan_norm={plan_norm} is unknown: use row or none")


def normalise_rows(plan: torch.Tensor) -> torch.Tensor:
    """Each row of a plan divided by its sum; rows of zeros stay."""
    total = plan.sum(-1, keepdim=True)
    return plan / torch.where(total > 0, total, 1.0)
