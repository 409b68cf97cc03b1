"""Few-shot MIL with visual and text prototypes, joined by optimal transport."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from monai_ext.networks.blocks.feature_projection import FeatureProjection, NoProjection
from monai_ext.networks.blocks.prototype_fusion import FUSIONS, FusedScore, FusionSettings
from monai_ext.networks.blocks.score_weights import SCORE_NORMS, score_weights
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.networks.blocks.text_query_attention import TextQueryAttention
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.ops.bag_layout import BagParts, unpack_bag
from monai_ext.ops.bank_cosine import bank_cosine
from monai_ext.ops.level_window import level_window


class LibraMILState(NamedTuple):
    """Everything up to the logits, on the stretch of the bag that holds the level read."""

    logits: torch.Tensor
    """``[B, C]``."""
    x: torch.Tensor
    """``[B, n, d]`` projected instances."""
    mask: torch.Tensor
    """``[B, n]`` bool, True = instance of the level."""
    fused: FusedScore
    """Score and plan."""
    weight: torch.Tensor
    """``[B, n]``, alpha."""
    attention: torch.Tensor
    """``[B, h, C, n]``."""
    first: int
    """First instance of the stretch."""


class LibraMIL(nn.Module):
    r"""Multimodal prototypes weigh instances, class texts ask the bag.

    Instances :math:`x_j` are compared with K_v learned visual prototypes :math:`P_v` and K_t text
    prototypes :math:`P_t`; the fused score :math:`s_j` (see :class:`StereoscopicTransport`) gives
    a factor :math:`\alpha_j`, and the class texts :math:`z` are the queries of

    .. math::
        H = \mathrm{CrossAttn}(Q = z, \; K = V = (\alpha_j x_j)_j), \quad
        y_c = \mathrm{MLP}(\mathrm{LN}(H_c)),

    one head for all classes. With ``use_proj`` all of it happens behind projections: instances and
    visual prototypes through Linear, LayerNorm, GELU, texts through Linear, LayerNorm; visual
    prototypes then live in the space of the standardised features.

    Texts are parameters, so the network's state holds all that inference needs. They start as
    random unit vectors; :meth:`set_text` puts embeddings there.

    Shapes: B batch, N instances, D feature width, d width, C classes, K_v, K_t prototypes.

    Args:
        in_channels: D, see :func:`level_channels`.
        num_classes: C.
        num_vision_prototypes: K_v.
        num_text_prototypes: K_t.
        text_dim: width of the text embeddings.
        hidden_dim: d; without projections d is D.
        num_heads: heads of the cross-attention, a divisor of d.
        levels: the one level read, ``[0]`` = finest.
        fusion: ``sot``, ``concat``, ``cross_attn``, ``sum``, ``none`` (no score: the banks are not
            used) or ``released_code`` (audits only).
        ot_level: ``bag`` (one plan a bag) or ``instance``.
        instance_priors: ``text`` or ``random``: :meth:`set_text` leaves the text prototypes.
        vision_prototypes: False, with ``fusion="sot"``: the text similarities alone,
            weighted by their marginal.
        bag_query: ``text`` or ``learnable``: :meth:`set_text` leaves the queries.
        freeze_text_bank: text prototypes are not trained.
        freeze_bag_query: queries are not trained.
        vision_init: ``normal``, ``orthogonal`` (both of mean square 1), or ``kmeans``: normal
            until :meth:`set_vision` is called.
        score_norm: ``softmax_n``, ``none``, ``sigmoid`` or ``relu``, see :func:`score_weights`.
        score_temperature: of ``softmax_n``.
        epsilon: entropic weight in units of the cosine distance.
        n_iters: Sinkhorn iterations, unrolled.
        use_proj: project features and texts; without, D must be the width of the texts.
        query_residual: the head sees ``H + z``. Without, as published, a query acts through its
            attention only: where all instances are alike, or there is one, all logits are equal.
        dropout: probability on the hidden layer of the head, in training.

    Raises:
        ValueError: if a name is unknown, sizes do not fit, or more than one level is asked for.

    Reference:
        Z. Zhuang, F. Zhou, L. Wang, Libra-MIL, AAAI 2026, https://arxiv.org/abs/2511.07941.
        The scaling of the score, the definitions of the ablated fusions, and the text projection's
        bias starting at 0 (unit vectors would drown in it) are our choice. The temperatures of the
        released program are in ``released_code`` only: the paper's cosines have none.
    """

    def __init__(  # noqa: PLR0913
        self,
        in_channels: Sequence[int] | int,
        num_classes: int,
        *,
        num_vision_prototypes: int,
        num_text_prototypes: int,
        text_dim: int,
        hidden_dim: int,
        num_heads: int = 8,
        levels: Sequence[int] = (0,),
        fusion: str = "sot",
        ot_level: str = "bag",
        instance_priors: str = "text",
        vision_prototypes: bool = True,
        bag_query: str = "text",
        freeze_text_bank: bool = False,
        freeze_bag_query: bool = False,
        vision_init: str = "normal",
        score_norm: str = "softmax_n",
        score_temperature: float = 0.1,
        epsilon: float = 0.05,
        n_iters: int = 20,
        use_proj: bool = True,
        query_residual: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.channels = _one_level(in_channels, levels)
        _check_names(fusion, instance_priors, bag_query, vision_init, score_norm)
        _check_sizes(self.channels, text_dim, score_temperature, use_proj=use_proj)
        if not vision_prototypes and fusion not in ("sot", "none"):
            raise ValueError(f"vision_prototypes=False needs fusion=sot, not {fusion}")
        self.level, self.query_residual = int(levels[0]), query_residual
        self.takes_instances, self.takes_classes = instance_priors == "text", bag_query == "text"
        self.is_constant = fusion in ("none", "released_code")
        self.score_norm, self.score_temperature = score_norm, score_temperature
        width = hidden_dim if use_proj else text_dim
        num_vision = num_vision_prototypes if vision_prototypes else 0
        self.vision_bank = nn.Parameter(_vision_start(num_vision, self.channels, vision_init))
        self.text_bank = nn.Parameter(
            _unit_rows(num_text_prototypes, text_dim), requires_grad=not freeze_text_bank
        )
        self.bag_query = nn.Parameter(
            _unit_rows(num_classes, text_dim), requires_grad=not freeze_bag_query
        )
        self.embed = FeatureProjection(self.channels, width) if use_proj else NoProjection()
        self.text_proj = _text_projection(text_dim, width) if use_proj else nn.Identity()
        settings = FusionSettings(
            width, num_vision, num_text_prototypes, num_heads, epsilon, n_iters, ot_level
        )
        self.fusion = FUSIONS[fusion](settings)
        self.attention = TextQueryAttention(width, num_heads)
        self.head = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, 1),
        )

    def forward(self, bag: torch.Tensor) -> torch.Tensor:
        """Classify.

        Args:
            bag: ``[B, 4 + D, N]``, see :mod:`monai_ext.ops.bag_layout`.

        Returns:
            Logits ``[B, C]``, float32.
        """
        return self._run(unpack_bag(bag)).logits

    @torch.jit.export
    def explain(self, bag: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the prediction rests on.

        Args:
            bag: as in :meth:`forward`.

        Returns:
            ``logits [B, C]``; ``attention [B, N]``: share of an instance in what the predicted
            class's query pooled (attention times the size of its factor, mean over heads; sums to
            1 over the level); ``class_attention [B, C, N]``: the same for each class; ``score`` and
            ``weight [B, N]``; ``vision_similarity [B, N, K_v]`` and ``text_similarity
            [B, N, K_t]``: cosines, 0 for what is not read; ``plan [B, K_v, K_t]`` and its
            ``plan_error [B]`` (``[B, 0, 0]`` and 0 where the fusion has none).
        """
        parts = unpack_bag(bag)
        state = self._run(parts)
        last = parts.level.shape[1] - state.first - state.x.shape[1]
        vision, text = self._banks()
        share = _share(state.attention, state.weight)
        predicted = state.logits.argmax(1).view(-1, 1, 1).expand(-1, 1, share.shape[2])
        chosen = share.gather(1, predicted).squeeze(1)
        read = state.mask.unsqueeze(-1)
        around, rows = [state.first, last], [0, 0, state.first, last]
        score = torch.where(state.mask, state.fused.score, 0.0)
        return {
            "logits": state.logits,
            "attention": F.pad(chosen, around),
            "class_attention": F.pad(share, around),
            "score": F.pad(score, around),
            "weight": F.pad(state.weight, around),
            "vision_similarity": F.pad(bank_cosine(state.x, vision) * read, rows),
            "text_similarity": F.pad(bank_cosine(state.x, text) * read, rows),
            "plan": state.fused.plan,
            "plan_error": state.fused.error,
        }

    @torch.jit.unused
    def input_layers(self) -> list[tuple[int, StandardizedLinear]]:
        """Level and first layer; none where features are compared as they are."""
        embed = self.embed
        return [(self.level, embed.embed)] if isinstance(embed, FeatureProjection) else []

    @torch.jit.unused
    def set_text(self, instances: torch.Tensor, classes: torch.Tensor) -> None:
        """Start from text embeddings, before training.

        Args:
            instances: ``[K_t, text_dim]``, not used with ``instance_priors="random"``.
            classes: ``[C, text_dim]`` in label order, not used with ``bag_query="learnable"``.

        Raises:
            ValueError: if a shape is another, or a value is not finite.
        """
        for name, bank, value, is_taken in (
            ("instances", self.text_bank, instances, self.takes_instances),
            ("classes", self.bag_query, classes, self.takes_classes),
        ):
            _check_bank(name, value, bank)
            if is_taken:
                with torch.no_grad():
                    bank.copy_(value)

    @torch.jit.unused
    def set_vision(self, prototypes: torch.Tensor) -> None:
        """Start from visual prototypes ``[K_v, D]``, e.g. centres of clusters.

        Raises:
            ValueError: if the shape is another, or a value is not finite.
        """
        _check_bank("prototypes", prototypes, self.vision_bank)
        with torch.no_grad():
            self.vision_bank.copy_(prototypes)

    @torch.jit.unused
    def projected_banks(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Visual ``[K_v, d]`` and text prototypes ``[K_t, d]`` where they are compared."""
        return self._banks()

    def _banks(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.embed.prototypes(self.vision_bank), self.text_proj(self.text_bank)

    def _run(self, parts: BagParts) -> LibraMILState:
        first, end = 0, parts.level.shape[1]
        if not torch.jit.is_scripting():
            first, end = level_window(parts.level, self.level)
        mask = (parts.level == self.level)[:, first:end]
        x = self.embed(parts.features[:, first:end, : self.channels])
        vision, text = self._banks()
        fused = self.fusion(x, mask, vision, text)
        weight = torch.where(mask, fused.score, 0.0)
        if not self.is_constant:
            weight = score_weights(fused.score, mask, self.score_norm, self.score_temperature)
        query = self.text_proj(self.bag_query)
        pooled, attention = self.attention(query, x, weight, mask)
        if self.query_residual:
            pooled = pooled + query
        logits = self.head(pooled).squeeze(-1).float()
        return LibraMILState(logits, x, mask, fused, weight, attention, first)


def _share(attention: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Share of instances in a pooled value ``[B, C, N]``; attention alone if all factors are 0."""
    mean = attention.mean(1)
    share = mean * weight.abs().unsqueeze(1)
    total = share.sum(-1, keepdim=True)
    return torch.where(total > 0, share / torch.where(total > 0, total, 1.0), mean)


def _one_level(in_channels: Sequence[int] | int, levels: Sequence[int]) -> int:
    if len(levels) != 1:
        raise ValueError(f"levels={list(levels)}: the method reads one magnification; try [0]")
    return level_channels(in_channels, levels)[0]


def _check_names(
    fusion: str, instance_priors: str, bag_query: str, vision_init: str, score_norm: str
) -> None:
    for name, value, known in (
        ("fusion", fusion, FUSIONS.names),
        ("instance_priors", instance_priors, ("text", "random")),
        ("bag_query", bag_query, ("text", "learnable")),
        ("vision_init", vision_init, ("normal", "orthogonal", "kmeans")),
        ("score_norm", score_norm, SCORE_NORMS),
    ):
        if value not in known:
            raise ValueError(f"{name}={value} is unknown: use {', '.join(known)}")


def _check_sizes(channels: int, text_dim: int, temperature: float, *, use_proj: bool) -> None:
    if not use_proj and channels != text_dim:
        raise ValueError(
            f"use_proj=False compares features of width {channels} with texts of width "
            f"{text_dim}: they must be equal, or use_proj=True"
        )
    if temperature <= 0:
        raise ValueError(f"score_temperature={temperature} must be positive")


def _check_bank(name: str, value: torch.Tensor, bank: torch.Tensor) -> None:
    if value.shape != bank.shape or not bool(torch.isfinite(value).all()):
        raise ValueError(f"{name} {tuple(value.shape)} must be {tuple(bank.shape)} finite numbers")


def _unit_rows(rows: int, width: int) -> torch.Tensor:
    return F.normalize(torch.randn(rows, width), dim=-1)


def _vision_start(rows: int, width: int, init: str) -> torch.Tensor:
    if init == "orthogonal" and rows:
        return nn.init.orthogonal_(torch.empty(rows, width)) * width**0.5
    return torch.randn(rows, width)


def _text_projection(text_dim: int, width: int) -> nn.Sequential:
    linear = nn.Linear(text_dim, width)
    nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.LayerNorm(width))
