"""One branch a magnification, each a MIL method of its own, and a linear layer that joins them."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.ops.bag_layout import BagParts, unpack_bag
from monai_ext.ops.level_window import level_window


class MultiLevelMIL(nn.Module):
    """Independent branches on the levels of a bag; with one level there is no joining layer.

    A branch is a module with ``forward(features [B, n, D], mask [B, n], region [B, n]) -> logits
    [B, C]``, ``explain`` of the same arguments, a dict with ``logits`` and ``attention [B, n]``,
    and ``input_layers()``. It never sees n = 0.

    Shapes: B batch, N instances, T levels, C classes.

    Args:
        branches: one a level.
        in_channels: width of the features, see :func:`level_channels`.
        num_classes: C.
        levels: levels read, finest first; the bag may hold more.

    Raises:
        ValueError: if levels, widths and branches do not fit.
    """

    def __init__(
        self,
        branches: Sequence[nn.Module],
        in_channels: Sequence[int] | int,
        num_classes: int,
        *,
        levels: Sequence[int] = (0, 1, 2),
    ) -> None:
        super().__init__()
        self.widths = level_channels(in_channels, levels)
        if len(branches) != len(levels):
            raise ValueError(
                f"{len(branches)} branches do not fit levels={list(levels)}: give one a level"
            )
        self.levels = list(levels)
        self.branches = nn.ModuleList(branches)
        joined = len(self.levels) * num_classes
        self.head = nn.Linear(joined, num_classes) if len(self.levels) > 1 else nn.Identity()

    def forward(self, bag: torch.Tensor) -> torch.Tensor:
        """Classify.

        Args:
            bag: ``[B, 4 + D, N]``, see :mod:`monai_ext.ops.bag_layout`.

        Returns:
            Logits ``[B, C]``, float32.
        """
        parts = unpack_bag(bag)
        logits: list[torch.Tensor] = []
        for i, branch in enumerate(self.branches):
            features, mask, region, _, _ = self._input(parts, i)
            logits.append(branch(features, mask, region))
        return self.join(torch.stack(logits, 1))

    @torch.jit.export
    def join(self, branch_logits: torch.Tensor) -> torch.Tensor:
        """Logits ``[B, C]`` of branch logits ``[B, T, C]``."""
        return self.head(branch_logits.flatten(1)).float()

    @torch.jit.export
    def branch_logits(self, bag: torch.Tensor) -> torch.Tensor:
        """Logits of every level before the head, ``[B, T, C]``, finest first."""
        return self.explain(bag)["branch_logits"]

    @torch.jit.export
    def explain(self, bag: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the prediction rests on.

        Args:
            bag: as in :meth:`forward`.

        Returns:
            ``logits [B, C]``, ``branch_logits [B, T, C]``, ``attention [B, N]`` (at least 0, sums
            to 1 over each level read that is present), and what the method adds:
            ``class_attention [B, C, N]``, ``region_attention [B, T, m]``.
        """
        parts = unpack_bag(bag)
        total = parts.level.shape[1]
        logits: list[torch.Tensor] = []
        regions: list[torch.Tensor] = []
        attention = torch.zeros_like(parts.level, dtype=torch.float32)
        by_class = torch.zeros_like(attention).unsqueeze(1)
        has_class = False
        for i, branch in enumerate(self.branches):
            features, mask, region, first, end = self._input(parts, i)
            found: dict[str, torch.Tensor] = branch.explain(features, mask, region)  # pyright: ignore[reportCallIssue]
            logits.append(found["logits"])
            span = [first, total - end]
            share = found["attention"][:, : end - first]
            attention = attention + nn.functional.pad(share, span)
            if "class_attention" in found:
                has_class = True
                share = found["class_attention"][:, :, : end - first]
                by_class = by_class + nn.functional.pad(share, span)
            if "region_attention" in found:
                regions.append(found["region_attention"])
        stacked = torch.stack(logits, 1)
        out = {"logits": self.join(stacked), "branch_logits": stacked, "attention": attention}
        if has_class:
            out["class_attention"] = by_class
        if len(regions) > 0:
            out["region_attention"] = torch.stack(regions, 1)
        return out

    @torch.jit.unused
    def branch_outputs(self, bag: torch.Tensor) -> list[dict[str, torch.Tensor]]:
        """All that each branch explains, and the ``mask [B, n]`` of its stretch of the bag."""
        parts = unpack_bag(bag)
        found = []
        for i, branch in enumerate(self.branches):
            features, mask, region, _, _ = self._input(parts, i)
            explained = branch.explain(features, mask, region)  # pyright: ignore[reportCallIssue]
            found.append({**explained, "mask": mask})
        return found

    @torch.jit.unused
    def input_layers(self) -> list[tuple[int, StandardizedLinear]]:
        """Level and layer of every layer that reads features."""
        pairs = zip(self.levels, self.branches, strict=True)
        return [
            (level, cast(StandardizedLinear, layer))
            for level, branch in pairs
            for layer in branch.input_layers()  # pyright: ignore[reportCallIssue]
        ]

    def _input(
        self, parts: BagParts, index: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int, int]:
        """Features, mask and region of a level's stretch of the bag, and where that lies.

        An empty stretch becomes one masked instance.
        """
        level, total = self.levels[index], parts.level.shape[1]
        first, end = 0, total
        if not torch.jit.is_scripting():
            first, end = level_window(parts.level, level)
        features = parts.features[:, first:end, : self.widths[index]]
        mask = (parts.level == level)[:, first:end]
        region = parts.region[:, first:end]
        if end == first:
            features = torch.zeros_like(parts.features[:, :0, : self.widths[index]])
            features = nn.functional.pad(features, [0, 0, 0, 1])
            mask = nn.functional.pad(mask, [0, 1])
            region = nn.functional.pad(region, [0, 1], value=-1.0)
        return features, mask, region, first, end
