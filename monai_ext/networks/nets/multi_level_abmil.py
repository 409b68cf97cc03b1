"""Attention-based MIL, one independent branch a magnification: the plain baseline."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.ops.bag_layout import BagParts, unpack_bag
from monai_ext.ops.level_window import level_window


class MultiLevelABMIL(nn.Module):
    """Gated attention over all instances of each level; a linear layer joins the predictions.

    One level is ABMIL. Regions are not read. An absent level predicts its classifier's bias.

    Shapes: B batch, N instances, T levels, C classes.

    Args:
        in_channels: width of the features, see :func:`level_channels`.
        num_classes: C.
        hidden_dim: width of the embedding.
        attention_dim: width of the attention's hidden layer.
        levels: levels read, finest first.
        dropout: probability, on the embedding and on the gate, in training.

    Raises:
        ValueError: if levels and widths do not fit.

    Reference:
        M. Ilse, J. Tomczak, M. Welling, Attention-based Deep Multiple Instance Learning, ICML 2018,
        https://arxiv.org/abs/1802.04712. Differs: several levels, masks.
    """

    def __init__(
        self,
        in_channels: Sequence[int] | int,
        num_classes: int,
        *,
        hidden_dim: int,
        attention_dim: int,
        levels: Sequence[int] = (0, 1, 2),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.levels = list(levels)
        self.embeds = nn.ModuleList(
            StandardizedLinear(width, hidden_dim) for width in level_channels(in_channels, levels)
        )
        self.aggregators = nn.ModuleList(
            GatedAttention(hidden_dim, attention_dim, dropout) for _ in levels
        )
        self.classifiers = nn.ModuleList(nn.Linear(hidden_dim, num_classes) for _ in levels)
        self.head = nn.Linear(len(levels) * num_classes, num_classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, bag: torch.Tensor) -> torch.Tensor:
        """Classify.

        Args:
            bag: ``[B, 4 + D, N]``.

        Returns:
            Logits ``[B, C]``, float32.
        """
        branch_logits, _ = self._run(unpack_bag(bag))
        return self.head(branch_logits.flatten(1)).float()

    @torch.jit.export
    def branch_logits(self, bag: torch.Tensor) -> torch.Tensor:
        """Logits of every level before the head, ``[B, T, C]``, finest first."""
        return self._run(unpack_bag(bag))[0]

    @torch.jit.export
    def explain(self, bag: torch.Tensor) -> dict[str, torch.Tensor]:
        """``logits [B, C]``, ``branch_logits [B, T, C]``, ``attention [B, N]`` (1 a level)."""
        branch_logits, attention = self._run(unpack_bag(bag))
        logits = self.head(branch_logits.flatten(1)).float()
        return {"logits": logits, "branch_logits": branch_logits, "attention": attention}

    @torch.jit.unused
    def input_layers(self) -> list[tuple[int, StandardizedLinear]]:
        """Level and first layer of each branch."""
        layers = [cast(StandardizedLinear, layer) for layer in self.embeds]
        return list(zip(self.levels, layers, strict=True))

    def _run(self, parts: BagParts) -> tuple[torch.Tensor, torch.Tensor]:
        total = parts.level.shape[1]
        attention = torch.zeros_like(parts.level, dtype=torch.float32)
        logits: list[torch.Tensor] = []
        for i, (embed, aggregator, classifier) in enumerate(
            zip(self.embeds, self.aggregators, self.classifiers)  # noqa: B905
        ):
            level = self.levels[i]
            first, end = 0, total
            if not torch.jit.is_scripting():
                first, end = level_window(parts.level, level)
            features = parts.features[:, first:end, : embed.in_features]
            hidden = self.dropout(torch.relu(embed(features)))
            pooled, share = aggregator(hidden, (parts.level == level)[:, first:end])
            logits.append(classifier(pooled).float())
            attention = attention + nn.functional.pad(share, [first, total - end])
        return torch.stack(logits, 1), attention
