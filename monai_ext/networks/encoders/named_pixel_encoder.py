"""A pixel encoder by the name of its patch encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monai_ext.networks.encoders.pixel_encoder import PixelEncoder
from monai_ext.networks.encoders.registry import build_patch_encoder


def build_pixel_encoder(
    name: str,
    *,
    checkpoint: str | None = None,
    options: Mapping[str, Any] | None = None,
    skip_blocks: Sequence[int] = (),
    trained: str | int = "none",
    checkpointing: bool = False,
) -> PixelEncoder:
    """Build a registered patch encoder and read its maps.

    Args:
        name: one of ``PATCH_ENCODERS.names``.
        checkpoint: weights of an encoder that does not carry its own.
        options: further arguments of the patch encoder, e.g. ``{"preset": "tiny"}``.
        skip_blocks: see :class:`PixelEncoder`.
        trained: see :class:`PixelEncoder`.
        checkpointing: see :class:`PixelEncoder`.

    Raises:
        SettingError: for a name that is not registered, or weights that are missing.
        ValueError: if the encoder has no maps.
    """
    given = dict(options or {}) | ({} if checkpoint is None else {"checkpoint": str(checkpoint)})
    encoder = build_patch_encoder(name, **given)
    return PixelEncoder(encoder, skip_blocks, trained, checkpointing=checkpointing)
