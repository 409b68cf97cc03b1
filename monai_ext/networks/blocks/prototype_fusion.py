# ruff: noqa: ARG002  (all fusions take the same inputs; not each needs all of them)
"""Scores of instances from their similarity to visual and to text prototypes.

Every fusion is a module that maps instances ``x [B, N, d]``, their mask, visual prototypes
``[K_v, d]`` and text prototypes ``[K_t, d]`` to a :class:`FusedScore`. Only ``sot`` and
``released_code`` have a transport plan.
"""

from typing import NamedTuple

import torch
from monai.utils import ComponentStore
from torch import nn

from monai_ext.networks.blocks.text_query_attention import TextQueryAttention
from monai_ext.ops.bank_cosine import bank_cosine
from monai_ext.ops.costs import cost_matrix
from monai_ext.ops.masked import masked_mean
from monai_ext.ops.sinkhorn import check_sinkhorn_settings, sinkhorn, sinkhorn_fixed

FUSIONS = ComponentStore("fusions", "how visual and text similarities become one score")


class FusionSettings(NamedTuple):
    """What a registered fusion is built from; each takes what it needs."""

    width: int
    """d."""
    num_vision: int
    """K_v; 0: there are no visual prototypes, and only ``sot`` and ``none`` can do without."""
    num_text: int
    """K_t."""
    num_heads: int
    """Of ``cross_attn``."""
    epsilon: float
    """Entropic weight in units of the cosine distance, 0 to 2."""
    n_iters: int
    """Sinkhorn iterations."""
    ot_level: str = "bag"
    """``bag``: one plan a bag; ``instance``: one an instance, N times as dear."""


class FusedScore(NamedTuple):
    """Score of every instance, and the plan that it came from."""

    score: torch.Tensor
    """``[B, N]``; anything finite where masked."""
    plan: torch.Tensor
    """``[B, K_v, K_t]``; the mean over instances where each has its own; ``[B, 0, 0]``: none."""
    error: torch.Tensor
    """``[B]``, how far the plan's columns are off, summed; the largest over instances."""


class StereoscopicTransport(nn.Module):
    r"""Stereoscopic optimal transport: similarities meet through a plan between the banks.

    With cosines :math:`S_v, S_t` of instances and prototypes, and of the banks the cost
    :math:`C = 1 - \cos(P_v, P_t)`,

    .. math::
        \mu = \mathrm{softmax}_k \, \overline{S_v}, \; \nu = \mathrm{softmax}_k \, \overline{S_t},
        \quad T = \arg\min_{T \in U(\mu, \nu)} \langle T, C \rangle - \varepsilon H(T), \quad
        s_j = S_{v,j} \, T \, S_{t,j}^\top ,

    the bar being the mean over the real instances. Without visual prototypes
    :math:`s_j = S_{t,j} \nu`. Gradients reach both banks through S, C, and the marginals.

    Args:
        settings: all but ``width``, ``num_heads`` are used.

    Raises:
        ValueError: if a setting is out of range.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        check_sinkhorn_settings(settings.epsilon, settings.n_iters, "unroll")
        if settings.ot_level not in ("bag", "instance"):
            raise ValueError(f"ot_level={settings.ot_level} is unknown: use bag or instance")
        self.epsilon, self.n_iters = settings.epsilon, settings.n_iters
        self.each, self.has_vision = settings.ot_level == "instance", settings.num_vision > 0

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor, vision: torch.Tensor, text: torch.Tensor
    ) -> FusedScore:
        """The score; instance level makes ``[B, N, K_v, K_t]`` numbers."""
        to_text = bank_cosine(x, text)
        each_text = to_text.softmax(-1)
        if not self.each:
            each_text = masked_mean(to_text, mask.unsqueeze(-1), 1).softmax(-1).unsqueeze(1)
        if not self.has_vision:
            return _planless((to_text * each_text).sum(-1))
        to_vision = bank_cosine(x, vision)
        each_vision = to_vision.softmax(-1)
        if not self.each:
            each_vision = masked_mean(to_vision, mask.unsqueeze(-1), 1).softmax(-1).unsqueeze(1)
        plan, error = _transport(vision, text, each_vision, each_text, self.epsilon, self.n_iters)
        score = ((to_vision.unsqueeze(-2) @ plan).squeeze(-2) * to_text).sum(-1)
        if not self.each:
            return FusedScore(score, plan.squeeze(1), error.squeeze(1))
        return FusedScore(score, _mean_plan(plan, mask), _worst(error, mask))


class ConcatScore(nn.Module):
    """One linear layer on all similarities of an instance.

    Args:
        settings: ``num_vision`` and ``num_text`` are used.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        self.join = nn.Linear(settings.num_vision + settings.num_text, 1)

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor, vision: torch.Tensor, text: torch.Tensor
    ) -> FusedScore:
        """The score."""
        both = torch.cat([bank_cosine(x, vision), bank_cosine(x, text)], -1)
        score = self.join(both).squeeze(-1)
        return _planless(score if score.dtype == torch.float64 else score.float())


class CrossAttentionScore(nn.Module):
    r"""Visual prototypes attend to text ones; the score is the mean cosine with the results.

    :math:`P' = P_v + \mathrm{MHA}(P_v, P_t)`, :math:`s_j = \mathrm{mean}_k \cos(x_j, P'_k)`.

    Args:
        settings: ``width`` and ``num_heads`` are used.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        self.attention = TextQueryAttention(settings.width, settings.num_heads)

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor, vision: torch.Tensor, text: torch.Tensor
    ) -> FusedScore:
        """The score."""
        alike = torch.ones_like(text[:, 0]).unsqueeze(0)
        moved, _ = self.attention(vision, text.unsqueeze(0), alike, alike > 0)
        return _planless(bank_cosine(x, vision + moved.squeeze(0)).mean(-1))


class SumScore(nn.Module):
    """Mean similarity to the visual prototypes plus mean similarity to the text prototypes.

    Args:
        settings: none is used.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor, vision: torch.Tensor, text: torch.Tensor
    ) -> FusedScore:
        """The score."""
        return _planless(bank_cosine(x, vision).mean(-1) + bank_cosine(x, text).mean(-1))


class NoScore(nn.Module):
    """All instances alike: the prototypes are not used.

    Args:
        settings: none is used.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor, vision: torch.Tensor, text: torch.Tensor
    ) -> FusedScore:
        """Ones."""
        return _planless(mask.to(torch.float32))


class ReleasedScore(nn.Module):
    r"""What the method's released program computes, for audits.

    Softmaxes of dot products over learned temperatures are the marginals of one plan an instance;
    a softmax over its column sums weighs K_v copies of the same instance, so the factor of every
    instance is :math:`\sum_k w_k = 1` whatever the banks hold.

    Args:
        settings: ``epsilon`` and ``n_iters`` are used.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        check_sinkhorn_settings(settings.epsilon, settings.n_iters, "unroll")
        self.epsilon, self.n_iters = settings.epsilon, settings.n_iters
        self.log_temperature = nn.Parameter(torch.ones(2))

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor, vision: torch.Tensor, text: torch.Tensor
    ) -> FusedScore:
        """The factor, ``[B, N, K_v, K_t]`` numbers on the way."""
        scale = torch.exp(-self.log_temperature)
        to_vision = (x @ vision.transpose(0, 1) * scale[0]).float().softmax(-1)
        to_text = (x @ text.transpose(0, 1) * scale[1]).float().softmax(-1)
        plan, error = _transport(vision, text, to_vision, to_text, self.epsilon, self.n_iters)
        factor = plan.sum(-1).softmax(-1).sum(-1)
        return FusedScore(factor, _mean_plan(plan, mask), _worst(error, mask))


def _transport(
    vision: torch.Tensor,
    text: torch.Tensor,
    a: torch.Tensor,
    b: torch.Tensor,
    epsilon: float,
    n_iters: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Plans ``[B, M, K_v, K_t]`` and errors ``[B, M]`` of marginals a and b ``[B, M, K]``."""
    cost = cost_matrix(vision, text, "cosine")
    cost = cost.expand(a.shape[0], a.shape[1], cost.shape[0], cost.shape[1])
    if torch.jit.is_scripting():
        found = sinkhorn_fixed(cost, a, b, epsilon, n_iters, None, None, "unroll")
        return found.plan, found.error
    else:  # noqa: RET505  (TorchScript does not compile this branch)
        domain = "log" if a.shape[1] == 0 else "auto"
        found = sinkhorn(cost, a, b, epsilon=epsilon, n_iters=n_iters, domain=domain)
        return found.plan, found.error


def _planless(score: torch.Tensor) -> FusedScore:
    return FusedScore(score, score.new_zeros(score.shape[0], 0, 0), score.new_zeros(score.shape[0]))


def _mean_plan(plan: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return masked_mean(plan, mask.unsqueeze(-1).unsqueeze(-1), 1)


def _worst(error: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Largest error of the real instances, 0 without one."""
    none = error.new_zeros(error.shape[0], 1)
    return torch.cat([torch.where(mask, error, 0.0), none], 1).amax(1)


FUSIONS.add("sot", "stereoscopic optimal transport", StereoscopicTransport)
FUSIONS.add("concat", "a linear layer on both similarities", ConcatScore)
FUSIONS.add("cross_attn", "visual prototypes attend to text prototypes", CrossAttentionScore)
FUSIONS.add("sum", "mean similarity to each bank, added", SumScore)
FUSIONS.add("none", "all instances alike", NoScore)
FUSIONS.add("released_code", "as the released program, a constant 1", ReleasedScore)
