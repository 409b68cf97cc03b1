"""Matching the regions of one magnification with those of a finer one.

Every matching is a module that maps the guide's prototypes ``[..., m, d]`` (rows u), those of the
coarser level (columns v) and both masks to a plan ``[..., m, m]``: real rows hold the same mass and
sum to 1 in all, masked entries are 0. Only ``ot`` fixes the columns too, so that no coarse region
takes over the slide.
"""

from typing import NamedTuple

import torch
from monai.utils import ComponentStore
from torch import nn

from monai_ext.networks.blocks.plan_combine import check_combination, combine_prototypes
from monai_ext.ops.costs import check_cost_settings, cost_matrix
from monai_ext.ops.masked import masked_softmax
from monai_ext.ops.sinkhorn import check_sinkhorn_settings, sinkhorn, sinkhorn_fixed

MATCHINGS = ComponentStore("matchings", "how regions of two magnifications are matched")


class MatchingSettings(NamedTuple):
    """What a registered matching is built from; each takes what it needs."""

    dim: int
    """Width of the prototypes."""
    epsilon: float
    """Entropic weight, in units of the scaled cost; temperature of ``similarity``."""
    n_iters: int
    """Sinkhorn iterations."""
    cost: str = "l2"
    """``l2``, ``sqeuclidean`` or ``cosine``."""
    cost_scale: str = "mean"
    """Divide costs by the bag's ``mean`` or ``max``, or ``none``."""
    sinkhorn_grad: str = "implicit"
    """``implicit``, ``unroll`` or ``detach``."""


class OptimalTransportMatching(nn.Module):
    """Entropic optimal transport between the real regions, each of the same mass.

    Args:
        settings: all but ``dim`` are used.

    Raises:
        ValueError: if a setting is out of range or a name unknown.
    """

    def __init__(self, settings: MatchingSettings) -> None:
        super().__init__()
        check_cost_settings(settings.cost, settings.cost_scale)
        check_sinkhorn_settings(settings.epsilon, settings.n_iters, settings.sinkhorn_grad)
        self.epsilon, self.n_iters = settings.epsilon, settings.n_iters
        self.cost, self.cost_scale = settings.cost, settings.cost_scale
        self.grad = settings.sinkhorn_grad

    def forward(
        self,
        guide: torch.Tensor,
        coarse: torch.Tensor,
        guide_mask: torch.Tensor,
        coarse_mask: torch.Tensor,
    ) -> torch.Tensor:
        """The plan ``[..., m, m]``."""
        cost = cost_matrix(guide, coarse, self.cost, self.cost_scale, guide_mask, coarse_mask)
        if torch.jit.is_scripting():
            return sinkhorn_fixed(
                cost, None, None, self.epsilon, self.n_iters, guide_mask, coarse_mask, self.grad
            ).plan
        else:  # noqa: RET505  (TorchScript does not compile this branch)
            return sinkhorn(
                cost,
                epsilon=self.epsilon,
                n_iters=self.n_iters,
                a_mask=guide_mask,
                b_mask=coarse_mask,
                grad=self.grad,
            ).plan


class SelfAttentionMatching(nn.Module):
    """Scaled dot products of learned queries (guide) and keys (coarse), softmax over columns.

    Args:
        settings: only ``dim`` is used.
    """

    def __init__(self, settings: MatchingSettings) -> None:
        super().__init__()
        self.query = nn.Linear(settings.dim, settings.dim, bias=False)
        self.key = nn.Linear(settings.dim, settings.dim, bias=False)

    def forward(
        self,
        guide: torch.Tensor,
        coarse: torch.Tensor,
        guide_mask: torch.Tensor,
        coarse_mask: torch.Tensor,
    ) -> torch.Tensor:
        """The plan ``[..., m, m]``."""
        scores = self.query(guide) @ self.key(coarse).transpose(-1, -2)
        return _row_plan(scores / guide.shape[-1] ** 0.5, guide_mask, coarse_mask)


class SimilarityMatching(nn.Module):
    """Softmax over columns of cosine similarity: the transport plan without its column constraint.

    Args:
        settings: only ``epsilon``, the temperature, is used.
    """

    def __init__(self, settings: MatchingSettings) -> None:
        super().__init__()
        self.temperature = settings.epsilon

    def forward(
        self,
        guide: torch.Tensor,
        coarse: torch.Tensor,
        guide_mask: torch.Tensor,
        coarse_mask: torch.Tensor,
    ) -> torch.Tensor:
        """The plan ``[..., m, m]``."""
        cost = cost_matrix(guide, coarse, "cosine")
        return _row_plan(-cost / self.temperature, guide_mask, coarse_mask)


class SameRegionMatching(nn.Module):
    """Region u of the guide is region u of the coarser level: no matching at all.

    Args:
        settings: none is used.
    """

    def __init__(self, settings: MatchingSettings) -> None:  # noqa: ARG002
        super().__init__()

    def forward(
        self,
        guide: torch.Tensor,
        coarse: torch.Tensor,
        guide_mask: torch.Tensor,
        coarse_mask: torch.Tensor,
    ) -> torch.Tensor:
        """The plan ``[..., m, m]``, diagonal."""
        real = guide_mask & coarse_mask
        share = real.to(coarse.dtype) / real.sum(-1, keepdim=True).clamp_min(1)
        return torch.diag_embed(share * torch.ones_like(guide[..., 0]))


def _row_plan(
    scores: torch.Tensor, guide_mask: torch.Tensor, coarse_mask: torch.Tensor
) -> torch.Tensor:
    scores = scores if scores.dtype == torch.float64 else scores.float()
    real = guide_mask.unsqueeze(-1) & coarse_mask.unsqueeze(-2)
    rows = masked_softmax(scores, real)
    return rows / guide_mask.sum(-1).clamp_min(1).unsqueeze(-1).unsqueeze(-1)


MATCHINGS.add("ot", "entropic optimal transport, uniform marginals", OptimalTransportMatching)
MATCHINGS.add("self_attn", "attention with learned query and key", SelfAttentionMatching)
MATCHINGS.add("similarity", "softmax of cosine similarity", SimilarityMatching)
MATCHINGS.add("none", "region u with region u", SameRegionMatching)


class OTCrossAttention(nn.Module):
    """Match coarse regions to the guide's, and update the coarse prototypes by plan and weights.

    Args:
        matching: name in :data:`MATCHINGS`.
        settings: what the matching is built from.
        combine: ``literal``, ``barycentric`` or ``transported``, see :func:`combine_prototypes`.
        plan_norm: ``row`` or ``none``.

    Raises:
        ValueError: if a name is unknown.
    """

    def __init__(
        self,
        matching: str,
        settings: MatchingSettings,
        combine: str = "literal",
        plan_norm: str = "row",
    ) -> None:
        super().__init__()
        if matching not in MATCHINGS:
            raise ValueError(f"matching={matching} is unknown: use {', '.join(MATCHINGS.names)}")
        check_combination(combine, plan_norm)
        self.matching = MATCHINGS[matching](settings)
        self.combine, self.plan_norm = combine, plan_norm

    def forward(
        self,
        guide: torch.Tensor,
        coarse: torch.Tensor,
        weights: torch.Tensor,
        guide_mask: torch.Tensor,
        coarse_mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Update the prototypes of T coarse levels at once.

        A bag without any region at the guide keeps its coarse prototypes as they are.

        Args:
            guide: ``[B, 1, m, d]``.
            coarse: ``[B, T, m, d]``, 0 where masked.
            weights: ``[B, 1, m]`` of the guide's regions, at least 0.
            guide_mask: ``[B, 1, m]`` bool, True = region with instances.
            coarse_mask: ``[B, T, m]`` bool.

        Returns:
            Prototypes ``[B, T, m, d]``, their masks ``[B, T, m]`` and plans ``[B, T, m, m]``.
        """
        plan = self.matching(guide, coarse, guide_mask, coarse_mask)
        updated = combine_prototypes(plan, weights, coarse, self.combine, self.plan_norm)
        mask = coarse_mask
        if self.combine == "barycentric":
            mask = guide_mask & coarse_mask.any(-1, keepdim=True)
        guided = guide_mask.any(-1, keepdim=True)
        mask = torch.where(guided, mask, coarse_mask)
        return torch.where(guided.unsqueeze(-1), updated, coarse), mask, plan
