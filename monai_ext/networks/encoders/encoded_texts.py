"""Vectors of sentences by a text encoder, with learned words in front of them or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from monai_ext.errors import SettingError
from monai_ext.hashing import state_hash
from monai_ext.networks.encoders.bert_coop_prompts import BertCoOpPrompts
from monai_ext.networks.encoders.bert_tower import BertTower
from monai_ext.networks.encoders.causal_text_tower import CausalTextTower
from monai_ext.networks.encoders.coop_prompts import CoOpPrompts
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder
from monai_ext.networks.encoders.text_registry import (
    build_text_encoder,
    text_encoder_arguments,
)
from monai_ext.networks.encoders.text_source import TextSource

COOP_ENCODERS = ("conch_v1_text", "keep_text", "minilm_l6_v2")
"""Text encoders whose towers take learned words."""


def encoded_texts(
    sentences: Sequence[Sequence[str]],
    name: str,
    options: Mapping[str, Any],
    coop_tokens: int = 0,
    seed: int = 0,
) -> TextSource:
    """Sentences by a text encoder, with learned words in front of them or without.

    Args:
        sentences: one list a class.
        name: of a registered text encoder.
        options: its arguments; ``checkpoint`` is handed on as ``folder`` if it is called so.
        coop_tokens: learned words, shared by all sentences; 0 gives constant vectors and keeps
            nothing of the encoder.
        seed: of the first values of learned words.

    Raises:
        SettingError: for arguments that the encoder does not have, or if it cannot be built.
    """
    encoder = build_text_encoder(name, **text_encoder_arguments(name, options))
    flat = [text for own in sentences for text in own]
    vectors = encoder.encode(flat).cpu()
    record = {
        "encoder_id": encoder.encoder_id,
        "weight_hash": encoder.weight_hash,
        "tokenizer_hash": encoder.tokenizer_hash,
        "licence": encoder.licence,
        "commercial_use": encoder.commercial_use,
        "is_stand_in": encoder.is_stand_in,
        "aligned_with": list(encoder.aligned_with),
        "text_hash": state_hash({"texts": vectors}),
    }
    counts = tuple(len(own) for own in sentences)
    if coop_tokens == 0:
        return TextSource(vectors, counts, record)
    return TextSource(_with_learned_words(encoder, flat, coop_tokens, seed), counts, record)


def _with_learned_words(
    encoder: SentenceEncoder, flat: list[str], n_ctx: int, seed: int
) -> nn.Module:
    tower, ids = encoder.backbone, encoder.tokenizer(flat)
    if isinstance(tower, BertTower):
        return BertCoOpPrompts(tower, ids, n_ctx, seed=seed)
    if isinstance(tower, CausalTextTower):
        return CoOpPrompts(tower, ids, n_ctx, seed=seed)
    raise SettingError(
        f"coop_tokens={n_ctx} with {encoder.encoder_id}",
        f"learned words need the tower of {', '.join(COOP_ENCODERS)}",
        "use one of them, or coop_tokens=0",
    )
