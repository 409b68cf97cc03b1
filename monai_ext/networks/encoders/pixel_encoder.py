"""Feature maps of a patch encoder, for networks that say something of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from monai_ext.networks.encoders.kept_maps import keep_maps
from monai_ext.networks.encoders.patch_encoder import PatchEncoder

DEEP_STRIDE = 16


class PixelEncoder(nn.Module):
    r"""Maps of a patch encoder instead of its pooled vector; it normalises by itself.

    A transformer gives the tokens of its last block as a map of stride 16 (the class token is
    dropped), and those of ``skip_blocks`` for skip connections. A pyramid of convolutions gives a
    map for each of its strides: those of stride 16 and more are deep, the finer ones are skips. A
    hybrid, convolutions in front of a transformer as TransUNet has them, gives its tokens, and the
    finer maps of its convolutions as skips.

    Shapes: B batch, H, W rows and columns of the image, multiples of :attr:`multiple`.

    Args:
        encoder: of the encoder room; its network, or a part of it, is one of timm.
        skip_blocks: of a transformer, from deep to shallow, e.g. [17, 11, 5] of 24; a pyramid and
            a hybrid have their own.
        trained: ``none``: frozen, also in training mode; ``all``; or how many of the last blocks
            (stages of a pyramid) are trained.
        checkpointing: blocks are computed again in the backward pass instead of kept.

    Raises:
        ValueError: if the encoder has no maps, a block does not exist, or ``trained`` is out of
            range.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        encoder: PatchEncoder,
        skip_blocks: Sequence[int] = (),
        trained: str | int = "none",
        *,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        self.network = _feature_network(encoder)
        self.register_buffer("mean", encoder.mean.clone(), persistent=False)
        self.register_buffer("std", encoder.std.clone(), persistent=False)
        strides = [int(info["reduction"]) for info in _infos(self.network)]
        self.is_pyramid = len(set(strides)) > 1
        self._convolutions = (keep_maps(self.network),)  # in the network already
        trunk = self._convolutions[0]
        if (self.is_pyramid or trunk) and skip_blocks:
            raise ValueError(f"skip_blocks={list(skip_blocks)}: convolutions have their own skips")
        self.blocks = _blocks_read(strides, skip_blocks, is_pyramid=self.is_pyramid)
        self.channels = [int(_infos(self.network)[k]["num_chs"]) for k in self.blocks]
        self.strides = [strides[k] for k in self.blocks]
        if trunk is not None:
            self._finer = [k for k, s in enumerate(trunk.strides) if s < DEEP_STRIDE][::-1]
            self.channels += [trunk.channels[k] for k in self._finer]
            self.strides += [trunk.strides[k] for k in self._finer]
        self.num_deep = sum(s >= DEEP_STRIDE for s in self.strides) if self.is_pyramid else 1
        self.multiple = max(self.strides)
        self.frozen = _freeze(self.network, trained)
        if checkpointing:
            self.network.set_grad_checkpointing(enable=True)  # pyright: ignore[reportCallIssue]
        self.train(self.training)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Encode.

        Args:
            image: float ``[B, 3, H, W]``, RGB in 0..255.

        Returns:
            Maps ``[B, c, H / stride, W / stride]``: :attr:`num_deep` deep ones, deepest first, then
            skips from deep to shallow.
        """
        x = (image - self.mean) / self.std
        given: dict[str, Any] = {"indices": sorted(self.blocks), "intermediates_only": True}
        if not self.is_pyramid:
            given["norm"] = True
        maps = self.network.forward_intermediates(x, **given)  # pyright: ignore[reportCallIssue]
        of_block = dict(zip(sorted(self.blocks), maps, strict=True))
        found = [of_block[k] for k in self.blocks]
        trunk = self._convolutions[0]
        if trunk is None:
            return found
        finer = trunk.take()
        return found + [finer[k] for k in self._finer]

    def train(self, mode: bool = True) -> PixelEncoder:  # noqa: FBT001, FBT002  (as torch has it)
        """Training mode for the trained blocks; the frozen ones stay as they are in use."""
        super().train(mode)
        for part in self.frozen:
            part.eval()
        return self


def _feature_network(encoder: PatchEncoder) -> nn.Module:
    for part in encoder.backbone.modules():
        if hasattr(part, "forward_intermediates") and hasattr(part, "feature_info"):
            return part
    raise ValueError(f"encoder {encoder.encoder_id} has no feature maps: use one built on timm")


def _infos(network: nn.Module) -> list[dict[str, Any]]:
    found: Any = network.feature_info
    return list(found.info if hasattr(found, "info") else found)


def _blocks_read(strides: list[int], skips: Sequence[int], *, is_pyramid: bool) -> list[int]:
    last = len(strides) - 1
    if is_pyramid:
        return list(range(last, -1, -1))
    wrong = [k for k in skips if not 0 <= k < last]
    if wrong:
        raise ValueError(f"skip_blocks={list(skips)}: blocks before the last are 0 to {last - 1}")
    return [last, *skips]


def _freeze(network: Any, trained: str | int) -> list[nn.Module]:
    """Set what requires a gradient; return what does not."""
    parts = list(network.blocks)
    if trained not in ("none", "all") and not (
        isinstance(trained, int) and 0 < trained <= len(parts)
    ):
        raise ValueError(f"trained={trained}: use none, all or 1 to {len(parts)} blocks")
    network.requires_grad_(requires_grad=trained == "all")
    if trained == "all":
        return []
    if trained == "none":
        return [network]
    open_parts = [*parts[-int(trained) :]]
    if hasattr(network, "norm"):
        open_parts.append(network.norm)
    for part in open_parts:
        part.requires_grad_(requires_grad=True)
    inside = {id(m) for part in open_parts for m in part.modules()}
    return [m for m in network.modules() if inside.isdisjoint(id(k) for k in m.modules())]


def padded_image(image: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sides are multiples, ``[B, 3, H', W']``.

    In arithmetic that a traced module repeats for other sizes, as MONAI's function for divisible
    sizes does not. ``torch.export`` finds no end of conditions in it: a program takes sides that
    are multiples.
    """
    if torch.compiler.is_exporting():
        for side in image.shape[-2:]:
            torch._check(side % multiple == 0)
        return image
    below, right = -image.shape[-2] % multiple, -image.shape[-1] % multiple
    return torch.nn.functional.pad(image, [0, right, 0, below], mode="replicate")
