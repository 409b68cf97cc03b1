"""Maps of the convolutions in front of a transformer."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class KeptMaps(nn.Module):
    """Convolutions of timm that keep the maps of all their strides until these are taken.

    It stands where a hybrid network has its convolutions, whose last map goes on to the
    transformer as before.

    Args:
        convolutions: of timm, with ``forward_intermediates``.

    Attributes:
        channels: of each map, from shallow to deep.
        strides: likewise.
    """

    def __init__(self, convolutions: Any) -> None:
        super().__init__()
        self.convolutions = convolutions
        self.channels = [int(info["num_chs"]) for info in convolutions.feature_info]
        self.strides = [int(info["reduction"]) for info in convolutions.feature_info]
        self._kept: list[Tensor] = []

    def forward(self, image: Tensor) -> Tensor:
        """The last map ``[B, c, h, w]``."""
        self._kept = self.convolutions.forward_intermediates(image, intermediates_only=True)
        return self._kept[-1]

    def take(self) -> list[Tensor]:
        """Maps of the last call, from shallow to deep; they are held no longer."""
        kept, self._kept = self._kept, []
        return kept


def keep_maps(network: nn.Module) -> KeptMaps | None:
    """Put :class:`KeptMaps` into a hybrid of timm; None where there are no convolutions."""
    embedding: Any = getattr(network, "patch_embed", None)
    if not hasattr(getattr(embedding, "backbone", None), "feature_info"):
        return None
    embedding.backbone = KeptMaps(embedding.backbone)
    return embedding.backbone
