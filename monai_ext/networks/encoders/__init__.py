"""Encoders: tiles and sentences to vectors."""

from monai_ext.networks.encoders.efficientnet_lite0 import EfficientNetLite0
from monai_ext.networks.encoders.encoder_card import EncoderCard
from monai_ext.networks.encoders.minilm import MiniLML6
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.registry import (
    PATCH_ENCODERS,
    build_patch_encoder,
    list_encoders,
)
from monai_ext.networks.encoders.text_encoder import TextEncoder
from monai_ext.networks.encoders.text_registry import (
    TEXT_ENCODERS,
    build_text_encoder,
    list_text_encoders,
)
from monai_ext.networks.encoders.tiny_encoder import TinyEncoder
from monai_ext.networks.encoders.tiny_text import TinyText

__all__ = [
    "PATCH_ENCODERS",
    "TEXT_ENCODERS",
    "EfficientNetLite0",
    "EncoderCard",
    "MiniLML6",
    "PatchEncoder",
    "TextEncoder",
    "TinyEncoder",
    "TinyText",
    "build_patch_encoder",
    "build_text_encoder",
    "list_encoders",
    "list_text_encoders",
]
