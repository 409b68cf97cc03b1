"""TransUNet's decoder on the maps of a pathology encoder."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from monai_ext.networks.blocks.prototype_cross_attention import PrototypeCrossAttention
from monai_ext.networks.blocks.skip_up_block import SkipUpBlock, conv_norm_relu
from monai_ext.networks.encoders.pixel_encoder import PixelEncoder, padded_image


class Decoded(NamedTuple):
    """What the decoder says of B images of H x W pixels."""

    logits: torch.Tensor
    """``[B, C, H, W]``."""
    inner: torch.Tensor
    """``[B, c, h, w]``, output of the embedded block, for :meth:`TransUNi.embed_pixels`."""


class TransUNi(nn.Module):
    r"""Encoder maps, one convolution, four steps up to full size, a linear head.

    Deep maps are brought to stride 16 and joined; each block doubles the size and takes the next
    skip where the encoder has one. For prototypes of pixels, an embedding

    .. math:: z_p = (W h_p + b) / \lVert W h_p + b \rVert

    is read from an inner block. Prototypes may be looked at before the head (``proto_xattn``): they
    are a buffer that training fills; else prediction uses neither texts nor prototypes.

    Shapes: B batch, H, W any size, C classes, d embedding width, P prototypes.

    Attributes:
        prototypes: ``[P, d]``, zeros until training fills it.

    Args:
        encoder: injected; see :class:`PixelEncoder`.
        num_classes: C.
        decoder_channels: width after the first convolution and after each of the four blocks.
        norm: ``batch`` or ``group``; batches of fewer than four need ``group``.
        head_kernel: side of the head's kernel; TransUNet has 3.
        embed_dim: d; 0: no embedding.
        embed_block: block whose output is embedded, 0 to 3.
        proto_xattn: P, prototypes that pixels look at before the head; 0: none.
        dropout: probability of dropping a channel of the features before the head, in training.

    Raises:
        ValueError: if widths or the embedded block do not fit, or prototypes have no width.

    Reference:
        J. Chen et al., TransUNet, https://arxiv.org/abs/2102.04306 (decoder, widths); UNI as its
        encoder: Fu et al., MPAMatch, https://arxiv.org/abs/2508.19574, from a description. Skips
        from transformer blocks, the joined deep maps of a pyramid, and the cross-attention are
        ours. TransUNet's own encoder, a ResNet in front of the transformer, is a hybrid of timm.
    """

    prototypes: torch.Tensor

    def __init__(  # noqa: PLR0913
        self,
        encoder: PixelEncoder,
        num_classes: int,
        *,
        decoder_channels: Sequence[int] = (512, 256, 128, 64, 16),
        norm: str = "batch",
        head_kernel: int = 1,
        embed_dim: int = 0,
        embed_block: int = 2,
        proto_xattn: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(decoder_channels) != 5 or not 0 <= embed_block <= 3:
            raise ValueError(
                f"decoder_channels={list(decoder_channels)} are five widths and "
                f"embed_block={embed_block} is 0 to 3: four blocks bring stride 16 to 1"
            )
        self.encoder, self.embed_block, self.embed_dim = encoder, embed_block, embed_dim
        deep, skips = encoder.channels[: encoder.num_deep], encoder.channels[encoder.num_deep :]
        self.join = conv_norm_relu(sum(deep), decoder_channels[0], norm)
        skips = [*skips, 0, 0, 0, 0][:4]
        self.blocks = nn.ModuleList(
            SkipUpBlock(decoder_channels[k], decoder_channels[k + 1], skips[k], norm)
            for k in range(4)
        )
        if proto_xattn and not embed_dim:
            raise ValueError(f"proto_xattn={proto_xattn} needs embed_dim, the prototypes' width")
        last = decoder_channels[-1]
        self.register_buffer("prototypes", torch.zeros(proto_xattn, embed_dim))
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(last, num_classes, head_kernel, padding=head_kernel // 2)
        # Drawn last, so that all else starts alike with and without prototypes.
        self.embed = nn.Linear(decoder_channels[embed_block + 1], embed_dim)
        self.looks = nn.ModuleList()
        if proto_xattn:
            self.looks.append(PrototypeCrossAttention(last, embed_dim, max(last, 32)))

    @property
    def multiple(self) -> int:
        """Sides that are multiples of it are not padded."""
        return self.encoder.multiple

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Segment.

        Args:
            image: float ``[B, 3, H, W]``, RGB in 0..255.

        Returns:
            Logits ``[B, C, H, W]``.
        """
        return self.decode(self.encode(image), image.shape[-2:]).logits

    def encode(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Maps of the image ``[B, 3, H, W]``, padded to the encoder's multiple."""
        return self.encoder(padded_image(image, self.multiple))

    def decode(self, maps: list[torch.Tensor], size: Sequence[int]) -> Decoded:
        """From maps, perturbed or not, to logits and what pixels are embedded from.

        Args:
            maps: as :meth:`encode` gave them.
            size: H and W of the image.
        """
        x = inner = self.join(self._deep(maps))
        skips: list[torch.Tensor | None] = [*maps[self.encoder.num_deep :], None, None, None, None]
        for k, block in enumerate(self.blocks):
            x = block(x, skips[k])
            if k == self.embed_block:
                step = 2 ** (3 - k)  # px of the image a pixel of this block; padding is cut off
                inner = x[..., : -(-size[0] // step), : -(-size[1] // step)]
        for look in self.looks:
            x = look(x, self.prototypes)
        logits = self.head(self.dropout(x))[..., : size[0], : size[1]]
        return Decoded(logits.float(), inner)

    def embed_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """Unit vectors ``[n, d]`` of pixels ``[n, c]`` of :attr:`Decoded.inner`."""
        return F.normalize(self.embed(pixels).float(), dim=1)

    def _deep(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """Deep maps at the finest of their sizes, side by side."""
        deep = maps[: self.encoder.num_deep]
        size = deep[-1].shape[-2:]
        same = [F.interpolate(m, size, mode="bilinear") for m in deep[:-1]]
        return torch.cat([*same, deep[-1]], 1)
