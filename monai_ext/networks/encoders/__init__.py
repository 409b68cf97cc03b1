"""Encoders: tiles to vectors."""

from monai_ext.networks.encoders.efficientnet_lite0 import EfficientNetLite0
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.registry import (
    PATCH_ENCODERS,
    EncoderCard,
    build_patch_encoder,
    list_encoders,
)
from monai_ext.networks.encoders.tiny_encoder import TinyEncoder

__all__ = [
    "PATCH_ENCODERS",
    "EfficientNetLite0",
    "EncoderCard",
    "PatchEncoder",
    "TinyEncoder",
    "build_patch_encoder",
    "list_encoders",
]
