"""Patch encoders by name."""

from __future__ import annotations

from monai.utils import ComponentStore

from monai_ext.networks.encoders.conch import Conch, ConchContrast
from monai_ext.networks.encoders.efficientnet_lite0 import EfficientNetLite0
from monai_ext.networks.encoders.encoder_card import EncoderCard, encoder_cards, require_name
from monai_ext.networks.encoders.gpfm import GPFM
from monai_ext.networks.encoders.keep import KEEP
from monai_ext.networks.encoders.midnight import Midnight12k
from monai_ext.networks.encoders.open_clip_encoder import OpenClipEncoder
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.timm_encoder import TimmEncoder
from monai_ext.networks.encoders.tiny_encoder import TinyEncoder
from monai_ext.networks.encoders.uni import UNI

PATCH_ENCODERS = ComponentStore("patch encoders", "Networks that turn tiles into vectors.")
PATCH_ENCODERS.add("efficientnet_lite0", "ImageNet, small, weights included", EfficientNetLite0)
PATCH_ENCODERS.add("uni_v1", "pathology, ViT-L/16, 100,000 slides", UNI)
PATCH_ENCODERS.add("conch_v1", "pathology, ViT-B/16 of an image-text pair, unprojected", Conch)
PATCH_ENCODERS.add("conch_v1_contrast", "the same, projected next to text", ConchContrast)
PATCH_ENCODERS.add("keep", "pathology, ViT-L/16 of an image-text pair, projected", KEEP)
PATCH_ENCODERS.add("gpfm", "pathology, ViT-L/14, distilled from three others", GPFM)
PATCH_ENCODERS.add("midnight12k", "pathology, ViT-g/14, TCGA alone", Midnight12k)
PATCH_ENCODERS.add("timm", "any network of timm", TimmEncoder)
PATCH_ENCODERS.add("open_clip", "image side of any model of open_clip", OpenClipEncoder)
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
