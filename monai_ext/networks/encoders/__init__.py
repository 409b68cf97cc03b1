"""Encoders: tiles and sentences to vectors."""

from monai_ext.networks.encoders.bert_coop_prompts import BertCoOpPrompts
from monai_ext.networks.encoders.conch import Conch, ConchContrast
from monai_ext.networks.encoders.conch_text import ConchText
from monai_ext.networks.encoders.coop_prompts import CoOpPrompts
from monai_ext.networks.encoders.efficientnet_lite0 import EfficientNetLite0
from monai_ext.networks.encoders.encoder_card import EncoderCard
from monai_ext.networks.encoders.gpfm import GPFM
from monai_ext.networks.encoders.keep import KEEP
from monai_ext.networks.encoders.keep_text import KeepText
from monai_ext.networks.encoders.midnight import Midnight12k
from monai_ext.networks.encoders.minilm import MiniLML6
from monai_ext.networks.encoders.named_pixel_encoder import build_pixel_encoder
from monai_ext.networks.encoders.open_clip_encoder import OpenClipEncoder
from monai_ext.networks.encoders.open_clip_text import OpenClipText
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.pixel_encoder import PixelEncoder, padded_image
from monai_ext.networks.encoders.registry import (
    PATCH_ENCODERS,
    build_patch_encoder,
    list_encoders,
)
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder
from monai_ext.networks.encoders.text_prototypes import TextPrototypes, build_text_prototypes
from monai_ext.networks.encoders.text_registry import (
    TEXT_ENCODERS,
    build_text_encoder,
    list_text_encoders,
)
from monai_ext.networks.encoders.timm_encoder import TimmEncoder
from monai_ext.networks.encoders.tiny_encoder import TinyEncoder
from monai_ext.networks.encoders.tiny_text import TinyText
from monai_ext.networks.encoders.uni import UNI

__all__ = [
    "GPFM",
    "KEEP",
    "PATCH_ENCODERS",
    "TEXT_ENCODERS",
    "UNI",
    "BertCoOpPrompts",
    "CoOpPrompts",
    "Conch",
    "ConchContrast",
    "ConchText",
    "EfficientNetLite0",
    "EncoderCard",
    "KeepText",
    "Midnight12k",
    "MiniLML6",
    "OpenClipEncoder",
    "OpenClipText",
    "PatchEncoder",
    "PixelEncoder",
    "SentenceEncoder",
    "TextPrototypes",
    "TimmEncoder",
    "TinyEncoder",
    "TinyText",
    "build_patch_encoder",
    "build_pixel_encoder",
    "build_text_encoder",
    "build_text_prototypes",
    "list_encoders",
    "list_text_encoders",
    "padded_image",
]
