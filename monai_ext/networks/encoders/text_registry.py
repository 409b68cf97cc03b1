"""Text encoders by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from monai.utils import ComponentStore

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.conch_text import ConchText
from monai_ext.networks.encoders.encoder_card import EncoderCard, encoder_cards, require_name
from monai_ext.networks.encoders.keep_text import KeepText
from monai_ext.networks.encoders.minilm import MiniLML6
from monai_ext.networks.encoders.open_clip_text import OpenClipText
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder
from monai_ext.networks.encoders.tiny_text import TinyText

TEXT_ENCODERS = ComponentStore("text encoders", "Networks that turn sentences into vectors.")
TEXT_ENCODERS.add("minilm_l6_v2", "general English, small, weights included", MiniLML6)
TEXT_ENCODERS.add("conch_v1_text", "pathology, aligned with images", ConchText)
TEXT_ENCODERS.add("keep_text", "pathology, PubMedBERT, aligned with images", KeepText)
TEXT_ENCODERS.add("open_clip_text", "text side of any model of open_clip", OpenClipText)
TEXT_ENCODERS.add("tiny_text", "random word vectors, for tests", TinyText)


def build_text_encoder(name: str, **kwargs: object) -> SentenceEncoder:
    """Build the text encoder registered under ``name``.

    Args:
        name: one of ``TEXT_ENCODERS.names``.
        **kwargs: handed to it.

    Raises:
        SettingError: for a name that is not registered; close names are listed.

    Example:
        >>> build_text_encoder("tiny_text", embed_dim=4).embed_dim
        4
    """
    require_name("text encoder", name, TEXT_ENCODERS.names)
    return TEXT_ENCODERS[name](**kwargs)


def text_encoder_arguments(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as an encoder takes them.

    Args:
        name: of a registered text encoder.
        options: its arguments; ``checkpoint`` is handed on as ``folder`` where it is called so.

    Raises:
        SettingError: for an option that it does not have.
    """
    takes = inspect.signature(TEXT_ENCODERS[name]).parameters
    given = dict(options)
    if "checkpoint" in given and "checkpoint" not in takes and "folder" in takes:
        given["folder"] = given.pop("checkpoint")
    if spare := [key for key in given if key not in takes]:
        raise SettingError(
            f"text encoder {name} has no option {', '.join(spare)}",
            f"one of {', '.join(takes)}",
            "leave it out",
        )
    return given


def list_text_encoders() -> list[EncoderCard]:
    """All registered text encoders with their licence and what they lack; builds none of them."""
    return encoder_cards(TEXT_ENCODERS)
