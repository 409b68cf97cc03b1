"""Patch encoders by name."""

from __future__ import annotations

from monai.utils import ComponentStore

from monai_ext.networks.encoders.efficientnet_lite0 import EfficientNetLite0
from monai_ext.networks.encoders.encoder_card import EncoderCard, encoder_cards, require_name
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.tiny_encoder import TinyEncoder

PATCH_ENCODERS = ComponentStore("patch encoders", "Networks that turn tiles into vectors.")
PATCH_ENCODERS.add("efficientnet_lite0", "ImageNet, small, weights included", EfficientNetLite0)
PATCH_ENCODERS.add("tiny", "random projection, for tests", TinyEncoder)


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
    require_name("encoder", name, PATCH_ENCODERS.names)
    return PATCH_ENCODERS[name](**kwargs)


def list_encoders() -> list[EncoderCard]:
    """All registered encoders with their licence and what they lack; builds none of them."""
    return encoder_cards(PATCH_ENCODERS)
