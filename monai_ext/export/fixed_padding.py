"""Convolutions whose padding does not depend on the size of the input."""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import nn


class FixedPadConv2d(nn.Module):
    r"""What a TensorFlow-style ``same`` convolution does to sides that its stride divides.

    Such a convolution pads an axis of length n by
    :math:`\max((\lceil n / s \rceil - 1) s + (k - 1) d + 1 - n, 0)`, which for n divisible by the
    stride s is :math:`\max((k - 1) d + 1 - s, 0)`, whatever n: a number that an exported program
    can hold. k is the kernel's side, d its dilation; the odd pixel lies below and right.

    Args:
        same: convolution to stand for; its weights are shared.
    """

    def __init__(self, same: nn.Conv2d) -> None:
        super().__init__()
        total = [
            max((k - 1) * d + 1 - s, 0)
            for k, d, s in zip(same.kernel_size, same.dilation, same.stride, strict=True)
        ]
        below, right = total[0] - total[0] // 2, total[1] - total[1] // 2
        self.padding = [total[1] // 2, right, total[0] // 2, below]
        self.weight, self.bias = same.weight, same.bias
        self.stride, self.dilation, self.groups = same.stride, same.dilation, same.groups

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve ``[B, C, H, W]`` with H and W divisible by the stride."""
        x = nn.functional.pad(x, self.padding)
        return nn.functional.conv2d(
            x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


def with_fixed_padding(network: nn.Module) -> nn.Module:
    """A copy of the network for images whose sides are multiples of its stride."""
    from timm.layers.conv2d_same import Conv2dSame

    network = copy.deepcopy(network)
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Conv2dSame):
                setattr(module, name, FixedPadConv2d(cast(nn.Conv2d, child)))
    return network
