"""One step of a decoder: twice the size, what the encoder saw there, two convolutions."""

import torch
from monai.networks.blocks.convolutions import Convolution
from monai.networks.nets.basic_unet import UpCat
from torch import nn
from torch.nn import functional as F

NORMS = {"batch": "batch", "group": ("group", {"num_groups": 8})}


def conv_norm_relu(
    in_channels: int, out_channels: int, norm: str, kernel_size: int = 3
) -> Convolution:
    """Convolution without bias, normalisation, ReLU.

    Args:
        in_channels: input width.
        out_channels: output width, a multiple of 8 with ``group``.
        norm: ``batch``, or ``group`` (8 groups), which small batches need.
        kernel_size: side of the kernel.

    Raises:
        ValueError: for another norm.
    """
    return Convolution(
        2,
        in_channels,
        out_channels,
        kernel_size=kernel_size,
        act="relu",
        norm=norm_of(norm),
        bias=False,
        adn_ordering="NA",
    )


def norm_of(name: str) -> str | tuple:
    """MONAI's norm for ``batch`` or ``group``.

    Raises:
        ValueError: for another name.
    """
    if name not in NORMS:
        raise ValueError(f"norm={name} is unknown: use {' or '.join(NORMS)}")
    return NORMS[name]


class SkipUpBlock(nn.Module):
    """Bilinear doubling, the skip beside it, two convolutions: MONAI's ``UpCat``, any skip.

    Shapes: B batch, c input width, h, w input size, k skip width, o output width.

    Args:
        in_channels: c.
        out_channels: o.
        skip_channels: k; 0: no skip. A skip passes a 1 x 1 convolution to width o.
        norm: ``batch`` or ``group``.
    """

    def __init__(
        self, in_channels: int, out_channels: int, skip_channels: int = 0, norm: str = "batch"
    ) -> None:
        super().__init__()
        self.lateral = nn.ModuleList()
        if skip_channels:
            self.lateral.append(nn.Conv2d(skip_channels, out_channels, 1))
        self.up = UpCat(
            2,
            in_channels,
            out_channels if skip_channels else 0,
            out_channels,
            act="relu",
            norm=norm_of(norm),
            bias=False,
            upsample="nontrainable",
            pre_conv=None,
            align_corners=False,
            is_pad=False,
        )

    def forward(self, x: torch.Tensor, skip: torch.Tensor | None = None) -> torch.Tensor:
        """Decode one step.

        Args:
            x: ``[B, c, h, w]``.
            skip: ``[B, k, *, *]`` of any size, resized to twice x's.

        Returns:
            ``[B, o, 2 h, 2 w]``.

        Raises:
            ValueError: if a skip is given where none is built for, or the other way round.
        """
        if (skip is None) != (len(self.lateral) == 0):
            raise ValueError(
                "a skip is given to a block without one, or missing: see skip_channels"
            )
        if skip is None:
            return self.up(x, None)
        beside, size = self.lateral[0](skip), [2 * x.shape[-2], 2 * x.shape[-1]]
        if torch.jit.is_tracing() or list(beside.shape[-2:]) != size:
            beside = F.interpolate(beside, size, mode="bilinear", align_corners=False)
        return self.up(x, beside)
