"""Mean of the features and a linear layer: the baseline that every network must beat."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.ops.level_window import level_window


class MeanPoolMIL(nn.Module):
    """Logistic regression on the concatenated mean feature of each level; no other parameter.

    An absent level adds nothing.

    Shapes: B batch, N instances, T levels, C classes.

    Args:
        in_channels: width of the features, see :func:`level_channels`.
        num_classes: C.
        levels: levels read, finest first.

    Raises:
        ValueError: if levels and widths do not fit.
    """

    def __init__(
        self,
        in_channels: Sequence[int] | int,
        num_classes: int,
        *,
        levels: Sequence[int] = (0, 1, 2),
    ) -> None:
        super().__init__()
        self.levels = list(levels)
        self.layers = nn.ModuleList(
            StandardizedLinear(width, num_classes) for width in level_channels(in_channels, levels)
        )

    def forward(self, bag: torch.Tensor) -> torch.Tensor:
        """Classify ``bag [B, 4 + D, N]``: logits ``[B, C]``, float32."""
        return self.explain(bag)["logits"]

    @torch.jit.export
    def explain(self, bag: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the prediction rests on.

        Returns:
            ``logits [B, C]``; ``branch_logits [B, T, C]``, what each level adds to them; and
            ``attention [B, N]``, the same for every instance of a level.
        """
        parts = unpack_bag(bag)
        logits: list[torch.Tensor] = []
        attention = torch.zeros_like(parts.level, dtype=torch.float32)
        for i, layer in enumerate(self.layers):
            level = self.levels[i]
            first, end = 0, parts.level.shape[1]
            if not torch.jit.is_scripting():
                first, end = level_window(parts.level, level)
            here = parts.level == level
            count = here.sum(1, keepdim=True)
            share = here.float() / count.clamp_min(1)
            features = parts.features[:, first:end, : layer.in_features]
            mean = (share[:, first:end].unsqueeze(1) @ features).squeeze(1)
            logits.append(torch.where(count > 0, layer(mean).float(), 0.0))
            attention = attention + share
        each = torch.stack(logits, 1)
        return {"logits": each.sum(1), "branch_logits": each, "attention": attention}

    @torch.jit.unused
    def input_layers(self) -> list[tuple[int, StandardizedLinear]]:
        """Level and layer."""
        layers = [cast(StandardizedLinear, layer) for layer in self.layers]
        return list(zip(self.levels, layers, strict=True))
