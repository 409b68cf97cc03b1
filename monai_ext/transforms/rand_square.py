"""A square of random place and magnification."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms.transform import Randomizable
from torch.nn import functional

from monai_ext.ops.balanced_pixels import IGNORED

WHITE = 255


class RandSquared(Randomizable):
    r"""Cut a square and bring it to ``side`` px: place uniform, magnification log-uniform.

    :math:`n = \mathrm{round}(side / s), \; \log s \sim U(\log a, \log b)`. What lies beyond the
    image is white, and 255 (not counted) in the label. Images are resampled bilinearly with
    antialiasing, labels to the nearest pixel.

    Args:
        side: of the output in px.
        scale: a and b; above 1 enlarges.
        image_key: uint8 ``[3, H, W]``.
        label_key: uint8 ``[1, H, W]``; may be missing in an item.
        outside_key: new: uint8 ``[1, side, side]``, 255 beyond the image, else 0.

    Raises:
        ValueError: if ``side`` or ``scale`` make no sense.
    """

    def __init__(
        self,
        side: int,
        scale: Sequence[float] = (1.0, 1.0),
        image_key: str = "image",
        label_key: str = "label",
        outside_key: str = "outside",
    ) -> None:
        if side < 1 or not 0 < scale[0] <= scale[1]:
            raise ValueError(f"side={side}, scale={list(scale)}: side >= 1 and 0 < a <= b")
        self.side, self.scale = int(side), (float(scale[0]), float(scale[1]))
        self.image_key, self.label_key, self.outside_key = image_key, label_key, outside_key

    def randomize(self, data: Any = None) -> None:
        """Draw place (as shares of the room there is) and magnification."""
        del data
        low, high = (math.log(value) for value in self.scale)
        self._draw = self.R.uniform(0, 1), self.R.uniform(0, 1), math.exp(self.R.uniform(low, high))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Cut all maps of an item alike."""
        item = dict(data)
        self.randomize()
        image = item[self.image_key]
        outside = torch.zeros_like(image[:1])
        item[self.image_key] = self._cut(image, WHITE, "bilinear")
        item[self.outside_key] = self._cut(outside, IGNORED, "nearest-exact")
        if self.label_key in item:
            item[self.label_key] = self._cut(item[self.label_key], IGNORED, "nearest-exact")
        return item

    def _cut(self, values: torch.Tensor, fill: int, mode: str) -> torch.Tensor:
        y, x, scale = self._draw
        n = max(1, round(self.side / scale))
        missing = [max(0, n - int(size)) for size in values.shape[1:]]
        if any(missing):
            above, before = missing[0] // 2, missing[1] // 2
            room = [before, missing[1] - before, above, missing[0] - above]
            values = functional.pad(values, room, value=fill)
        top, left = (
            int(share * (size - n + 1))
            for share, size in zip((y, x), values.shape[1:], strict=True)
        )
        part = values[None, :, top : top + n, left : left + n]
        if n == self.side:
            return part[0].clone()
        antialias = {"antialias": True} if mode == "bilinear" else {}
        return functional.interpolate(part, [self.side, self.side], mode=mode, **antialias)[0]


RandSquareD = RandSquareDict = RandSquared
