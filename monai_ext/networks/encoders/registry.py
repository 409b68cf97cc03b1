"""Patch encoders by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from monai.utils import ComponentStore

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.efficientnet_lite0 import EfficientNetLite0
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.tiny_encoder import TinyEncoder

PATCH_ENCODERS = ComponentStore("patch encoders", "Networks that turn tiles into vectors.")
PATCH_ENCODERS.add("efficientnet_lite0", "ImageNet, small, weights included", EfficientNetLite0)
PATCH_ENCODERS.add("tiny", "random projection, for tests", TinyEncoder)


@dataclass(frozen=True)
class EncoderCard:
    """What a user must know before choosing an encoder.

    Attributes:
        name: for ``--encoder`` and :func:`build_patch_encoder`.
        description: one line.
        embed_dim: feature width D.
        licence: of the weights (SPDX where there is one).
        commercial_use: whether that licence allows commercial use.
        missing: what has to be done before it can be used here; None when it is at hand.
    """

    name: str
    description: str
    embed_dim: int
    licence: str
    commercial_use: bool
    missing: str | None


def build_patch_encoder(name: str, **kwargs: object) -> PatchEncoder:
    """Build the encoder registered under ``name``.

    Args:
        name: one of ``PATCH_ENCODERS.names``.
        **kwargs: handed to it.

    Raises:
        SettingError: for a name that is not registered; close names are listed.

    Example:
        >>> build_patch_encoder("tiny", embed_dim=4).embed_dim
        4
    """
    if name not in PATCH_ENCODERS:
        close = difflib.get_close_matches(str(name), PATCH_ENCODERS.names, n=3, cutoff=0.4)
        raise SettingError(
            f"encoder {name!r} is not registered",
            f"one of {', '.join(PATCH_ENCODERS.names)}",
            f"did you mean {' or '.join(close)}?" if close else "choose one of these",
        )
    return PATCH_ENCODERS[name](**kwargs)


def list_encoders() -> list[EncoderCard]:
    """All registered encoders with their licence and what they lack; builds none of them."""
    return [_card(name) for name in PATCH_ENCODERS.names]


def _card(name: str) -> EncoderCard:
    description, encoder = PATCH_ENCODERS.components[name]
    return EncoderCard(
        name=name,
        description=description,
        embed_dim=encoder.embed_dim,
        licence=encoder.licence,
        commercial_use=encoder.commercial_use,
        missing=encoder.missing(),
    )
