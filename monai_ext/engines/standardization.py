"""Feature statistics of the training part, put into the network before the first epoch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.bag_layout import unpack_bag


class HasInputLayers(Protocol):
    """A network that names the layer which reads the features of each level."""

    def input_layers(self) -> list[tuple[int, StandardizedLinear]]:
        """Level and layer."""
        ...


def fit_standardization(network: HasInputLayers, bags: Iterable[Tensor]) -> None:
    """Set mean and standard deviation of each level's features, over all tiles of all bags.

    Sums are in float64 and shifted by the first bag's mean, so that large offsets cost no digits.

    Args:
        network: its input layers get the statistics.
        bags: bag tensors [4 + D, N] of the training part, and of nothing else.
    """
    layers = network.input_layers()
    sums = [_Moments(layer.in_features) for _, layer in layers]
    for bag in bags:
        parts = unpack_bag(torch.as_tensor(bag)[None])
        for (level, layer), moments in zip(layers, sums, strict=True):
            tiles = parts.features[0][parts.level[0] == level, : layer.in_features]
            moments.add(tiles)
    for (_, layer), moments in zip(layers, sums, strict=True):
        if moments.count > 1:
            layer.set_statistics(moments.mean().float(), moments.std().float())


class _Moments:
    """Shifted first and second moments."""

    def __init__(self, width: int) -> None:
        self.count = 0
        self.shift: Tensor | None = None
        self.first = torch.zeros(width, dtype=torch.float64)
        self.second = torch.zeros(width, dtype=torch.float64)

    def add(self, rows: Tensor) -> None:
        if len(rows) == 0:
            return
        rows = rows.double()
        if self.shift is None:
            self.shift = rows.mean(0)
        rows = rows - self.shift
        self.count += len(rows)
        self.first += rows.sum(0)
        self.second += rows.square().sum(0)

    def mean(self) -> Tensor:
        shift = torch.zeros_like(self.first) if self.shift is None else self.shift
        return shift + self.first / self.count

    def std(self) -> Tensor:
        variance = (self.second - self.first.square() / self.count) / (self.count - 1)
        return variance.clamp_min(0).sqrt()
