"""Multiple-magnification attention MIL, the coarser levels led by the finest one."""

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import nn

from monai_ext.networks.blocks.gradient_cross_attention import GradientCrossAttention
from monai_ext.networks.blocks.ot_cross_attention import MatchingSettings, OTCrossAttention
from monai_ext.networks.blocks.plan_combine import normalise_rows
from monai_ext.networks.blocks.region_heads import build_region_head
from monai_ext.networks.blocks.region_pooling import RegionAttentionPool
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.ops.bag_layout import BagParts, unpack_bag
from monai_ext.ops.level_window import level_window


class M2OTCAState(NamedTuple):
    """Everything between the bag and the logits; B, T levels, m regions, C classes, d width."""

    branch_logits: torch.Tensor
    """``[B, T, C]``."""
    attention: torch.Tensor
    """``[B, N]``, sums to 1 within each region of each level."""
    region_attention: torch.Tensor
    """``[B, T, m]``, sums to 1 over the regions of each level."""
    plans: torch.Tensor
    """``[B, T - 1, m, m]``, rows the guide's regions, columns those of the other levels."""
    region_weights: torch.Tensor
    """``[B, m]``, at least 0; ones without gradient attention."""


class M2OTCA(nn.Module):
    r"""Optimal-transport and gradient cross-attention between magnifications.

    Each level t is pooled to one prototype a region, :math:`P_t \in R^{m \times d}`. The guide
    (finest) level predicts :math:`y_g` from its prototypes; the gradient of that prediction weighs
    its regions, :math:`w`, and entropic transport matches them with those of every other level,
    :math:`O_t`. The other levels predict from updated prototypes

    .. math:: P'_t = \big(O_t^\top \circ \mathrm{ReLU}(w)^\top\big) P_t

    and one linear layer reads all branch predictions. Regions come from the bag's region row.

    Shapes: B batch, N instances, T levels, m regions, d hidden width, C classes.

    Args:
        in_channels: width of the features, see :func:`level_channels`; the bag is zero-padded to
            the widest.
        num_classes: C.
        m: number of regions of the bag's region row.
        hidden_dim: d.
        attention_dim: width of the hidden layer of every attention.
        levels: levels read, finest first, 0 = finest of the bag; the bag may hold more.
        guide_level: the level that leads; None = the finest of ``levels``.
        use_ot: match regions as ``matching`` says; False is ``matching="none"``.
        use_grad: weigh regions by the guide's gradient; False: all alike. With both off, the
            levels are independent and only the head joins them.
        matching: ``ot``, ``self_attn``, ``similarity`` or ``none``.
        combine: ``literal`` (regions must be the same tissue at all levels), ``barycentric`` or
            ``transported``, see :func:`combine_prototypes`.
        plan_norm: ``row`` keeps the size of the prototypes, ``none`` shrinks them m times.
        grad_pool: ``cam``, ``grad_x_input`` or ``feature``, see :class:`GradientCrossAttention`.
        grad_norm: ``max`` or ``none``.
        grad_target: ``predicted``, ``soft``, or ``label`` (audits only).
        grad_detach: weights are constants in training.
        region_pool: ``attention``: gated attention within each region, as published; ``mean``: its
            instances count alike. Ours: with few slides, attention within regions learns single
            instances by heart.
        region_head: ``attention``: gated attention over regions, as published; ``lse``:
            log-sum-exp of linear region scores, see :class:`LogSumExpRegionHead`. Ours.
        head: ``concat_fc``: a linear layer on all branch logits; ``mean``: their mean.
        cost: ``l2``, ``sqeuclidean`` or ``cosine``.
        cost_scale: ``mean`` or ``max``: costs are divided by it, bag by bag; ``none``.
        epsilon: entropic weight in units of the scaled cost.
        n_iters: Sinkhorn iterations.
        sinkhorn_grad: ``implicit``, ``unroll`` or ``detach``; scripted and exported it unrolls.
        dropout: probability in training.

    Raises:
        ValueError: if a name is unknown, or levels and widths do not fit.

    Reference:
        Z. Zhu, E. Meijering, L. Wang, M2OTCA, Medical Image Analysis 112 (2026) 104082,
        https://doi.org/10.1016/j.media.2026.104082. No code was released; marginals, the pooling
        and scale of the gradient, the normalisation of the plan, widths and numbers of iterations
        are our choice, each an argument.
    """

    def __init__(  # noqa: PLR0913
        self,
        in_channels: Sequence[int] | int,
        num_classes: int,
        *,
        m: int,
        hidden_dim: int,
        attention_dim: int,
        levels: Sequence[int] = (0, 1, 2),
        guide_level: int | None = None,
        use_ot: bool = True,
        use_grad: bool = True,
        matching: str = "ot",
        combine: str = "literal",
        plan_norm: str = "row",
        grad_pool: str = "cam",
        grad_norm: str = "max",
        grad_target: str = "predicted",
        grad_detach: bool = True,
        region_pool: str = "attention",
        region_head: str = "attention",
        head: str = "concat_fc",
        cost: str = "l2",
        cost_scale: str = "mean",
        epsilon: float = 0.1,
        n_iters: int = 50,
        sinkhorn_grad: str = "implicit",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        guide_level = levels[0] if guide_level is None else guide_level
        if guide_level not in levels:
            raise ValueError(f"guide_level={guide_level} is none of levels={list(levels)}")
        if head not in ("concat_fc", "mean"):
            raise ValueError(f"head={head} is unknown: use concat_fc or mean")
        channels = level_channels(in_channels, levels)
        self.levels = list(levels)
        self.guide = self.levels.index(guide_level)
        self.m, self.num_classes, self.hidden_dim = m, num_classes, hidden_dim
        self.use_grad, self.combine, self.head_kind = use_grad, combine, head
        self.pools = nn.ModuleList(
            RegionAttentionPool(width, hidden_dim, attention_dim, dropout, region_pool)
            for width in channels
        )
        self.region_heads = nn.ModuleList(
            build_region_head(region_head, hidden_dim, num_classes, attention_dim, dropout)
            for _ in levels
        )
        settings = MatchingSettings(hidden_dim, epsilon, n_iters, cost, cost_scale, sinkhorn_grad)
        self.independent = not use_grad and (not use_ot or matching == "none")
        self.ot_attention = OTCrossAttention(
            matching if use_ot else "none", settings, combine, plan_norm
        )
        self.grad_attention = GradientCrossAttention(
            grad_pool, grad_norm, grad_target, grad_detach=grad_detach
        )
        joined = len(levels) * num_classes
        self.head = nn.Linear(joined, num_classes) if head == "concat_fc" else nn.Identity()

    def forward(self, bag: torch.Tensor) -> torch.Tensor:
        """Classify.

        Args:
            bag: ``[B, 4 + D, N]`` with regions, see :mod:`monai_ext.ops.bag_layout`.

        Returns:
            Logits ``[B, C]``, float32.
        """
        return self._join(self._run(unpack_bag(bag)).branch_logits)

    @torch.jit.export
    def branch_logits(self, bag: torch.Tensor) -> torch.Tensor:
        """Logits of every level before the head, ``[B, T, C]``, finest first."""
        return self._run(unpack_bag(bag)).branch_logits

    @torch.jit.export
    def explain(self, bag: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the prediction rests on.

        Args:
            bag: as in :meth:`forward`.

        Returns:
            ``logits [B, C]``, ``branch_logits [B, T, C]``, ``attention [B, N]`` (share of an
            instance within its level: attention within its region times attention on the region;
            sums to 1 over each level that has a region), ``region_attention [B, T, m]``,
            ``plans [B, T - 1, m, m]``, ``region_weights [B, m]`` and ``regions [B, N]``.
        """
        parts = unpack_bag(bag)
        state = self._run(parts)
        return {
            "logits": self._join(state.branch_logits),
            "branch_logits": state.branch_logits,
            "attention": self._instance_attention(parts, state),
            "region_attention": state.region_attention,
            "plans": state.plans,
            "region_weights": state.region_weights,
            "regions": parts.region,
        }

    @torch.jit.unused
    def input_layers(self) -> list[tuple[int, StandardizedLinear]]:
        """Level and first layer of each branch."""
        pools = [cast(RegionAttentionPool, pool) for pool in self.pools]
        return [(level, pool.embed) for level, pool in zip(self.levels, pools, strict=True)]

    def _join(self, branch_logits: torch.Tensor) -> torch.Tensor:
        if self.head_kind == "mean":
            return branch_logits.mean(1)
        return self.head(branch_logits.flatten(1)).float()

    def _run(self, parts: BagParts) -> M2OTCAState:
        prototypes, masks, attention = self._pool_levels(parts)
        batch, m = parts.level.shape[0], self.m
        guide, guide_mask = prototypes[self.guide], masks[self.guide]
        guide_attention = torch.zeros_like(guide_mask, dtype=attention.dtype)
        guide_logits = torch.zeros(batch, self.num_classes, device=guide.device)
        weights = torch.ones_like(guide_attention)
        for i, head in enumerate(self.region_heads):
            if i == self.guide:
                guide_logits, guide_attention = head(guide, guide_mask)
                if self.use_grad:
                    target = self.grad_attention.target(guide_logits)
                    gradient = head.input_gradient(  # pyright: ignore[reportCallIssue]
                        guide, guide_mask, guide_attention, target
                    )
                    weights = self.grad_attention(gradient, guide, guide_mask)
        updated, updated_masks, plans = prototypes, masks, attention.new_zeros(batch, 0, m, m)
        if len(prototypes) > 1:
            updated, updated_masks, plans = self._lead(prototypes, masks, weights)
        logits: list[torch.Tensor] = []
        region_attention: list[torch.Tensor] = []
        for i, head in enumerate(self.region_heads):
            if i == self.guide:
                logits.append(guide_logits.float())
                region_attention.append(guide_attention)
            else:
                found, share = head(updated[i], updated_masks[i])
                logits.append(found.float())
                region_attention.append(share)
        return M2OTCAState(
            torch.stack(logits, 1), attention, torch.stack(region_attention, 1), plans, weights
        )

    def _pool_levels(
        self, parts: BagParts
    ) -> tuple[list[torch.Tensor], list[torch.Tensor], torch.Tensor]:
        """Prototypes ``[B, m, d]`` and masks ``[B, m]`` a level, attention ``[B, N]``."""
        prototypes: list[torch.Tensor] = []
        masks: list[torch.Tensor] = []
        total = parts.level.shape[1]
        attention = torch.zeros_like(parts.level, dtype=torch.float32)
        for i, pool in enumerate(self.pools):
            level = self.levels[i]
            first, end = 0, total
            if not torch.jit.is_scripting():
                first, end = level_window(parts.level, level)
            region = torch.where(parts.level == level, parts.region, -1)[:, first:end]
            features = parts.features[:, first:end, : pool.in_channels]
            pooled, share, mask = pool(features, region, self.m)
            prototypes.append(pooled)
            masks.append(mask)
            attention = attention + nn.functional.pad(share, [first, total - end])
        return prototypes, masks, attention

    def _lead(
        self, prototypes: list[torch.Tensor], masks: list[torch.Tensor], weights: torch.Tensor
    ) -> tuple[list[torch.Tensor], list[torch.Tensor], torch.Tensor]:
        """Update the prototypes of all levels but the guide, in one batch of plans."""
        coarse: list[torch.Tensor] = []
        coarse_mask: list[torch.Tensor] = []
        for i in range(len(prototypes)):
            if i != self.guide:
                coarse.append(prototypes[i])
                coarse_mask.append(masks[i])
        moved, moved_mask, plans = self.ot_attention(
            prototypes[self.guide].unsqueeze(1),
            torch.stack(coarse, 1),
            weights.unsqueeze(1),
            masks[self.guide].unsqueeze(1),
            torch.stack(coarse_mask, 1),
        )
        if self.independent:
            return prototypes, masks, plans
        updated: list[torch.Tensor] = []
        updated_mask: list[torch.Tensor] = []
        for i in range(len(prototypes)):
            if i == self.guide:
                updated.append(prototypes[i])
                updated_mask.append(masks[i])
            else:
                place = i if i < self.guide else i - 1
                updated.append(moved[:, place])
                updated_mask.append(moved_mask[:, place])
        return updated, updated_mask, plans

    def _instance_attention(self, parts: BagParts, state: M2OTCAState) -> torch.Tensor:
        index = parts.region.clamp(0, self.m - 1)
        out = torch.zeros_like(state.attention)
        for i in range(len(self.levels)):
            share = state.region_attention[:, i]
            if self.combine == "barycentric" and i != self.guide:
                plan = state.plans[:, i if i < self.guide else i - 1]
                back = (share.unsqueeze(1) @ normalise_rows(plan)).squeeze(1)
                led = plan.sum([1, 2]).unsqueeze(1) > 0
                share = torch.where(led, back, share)
            here = parts.level == self.levels[i]
            out = torch.where(here, state.attention * share.gather(1, index), out)
        return out
