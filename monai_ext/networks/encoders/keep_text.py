"""KEEP's text tower: a PubMedBERT in the space of its images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.bert_tower import BertTower
from monai_ext.networks.encoders.file_tokenizer import FileTokenizer
from monai_ext.networks.encoders.hashing_tokenizer import HashingTokenizer
from monai_ext.networks.encoders.keep_towers import (
    GET_KEEP,
    KEEP_HINT,
    WEIGHT_FILES,
    keep_folder,
    text_part,
)
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder
from monai_ext.networks.encoders.stand_in import (
    fill_with_noise,
    mark_stand_in,
    pick_file,
    require_preset,
)
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights

if TYPE_CHECKING:
    from transformers import BertConfig


class KeepText(SentenceEncoder):
    """Sentences in the space of KEEP's images, 768 wide.

    Args:
        checkpoint: the folder of the user's files: weights, ``config.json`` and
            ``tokenizer.json`` or ``vocab.txt``; or its weights, the rest beside them.
        preset: ``"full"``; ``"tiny"`` is a stand-in of the same class, 48 wide, random, whose
            words are hashed.
        max_length: tokens that are read of a sentence.
        seed: of the stand-in's weights.

    Raises:
        SettingError: without weights, or if they are not those of this network.

    Reference:
        As :class:`~monai_ext.networks.encoders.keep.KEEP`; the vector is BERT's pooled output.
    """

    encoder_id = "keep_text"
    embed_dim = 768
    licence = "MIT"
    commercial_use = True
    aligned_with = ("keep",)

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        preset: str = "full",
        max_length: int = 256,
        seed: int = 0,
    ) -> None:
        require_preset(preset, checkpoint, self.encoder_id, GET_KEEP)
        config = _tiny_config() if preset == "tiny" else _read_config(checkpoint)
        with torch.random.fork_rng(devices=[]):
            tower = BertTower(config, pooling="pooler")
        if checkpoint is None:
            fill_with_noise(tower, seed)
        else:
            file = pick_file(checkpoint, WEIGHT_FILES)
            load_strictly(tower, text_part(read_weights(file, GET_KEEP)), str(file), KEEP_HINT)
        if preset == "tiny":
            super().__init__(tower, HashingTokenizer(config.vocab_size, 64))
            mark_stand_in(self)
            self.aligned_with = ("keep_tiny",)
        else:
            super().__init__(tower, FileTokenizer(keep_folder(str(checkpoint)), max_length))
        self.embed_dim = config.hidden_size

    @classmethod
    def missing(cls) -> str | None:
        """How to get the weights."""
        return GET_KEEP


def _tiny_config() -> BertConfig:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=1024,
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=64,
    )


def _read_config(checkpoint: object) -> BertConfig:
    """Sizes of the text tower, which KEEP's own ``config.json`` holds under ``text_config``."""
    from transformers import BertConfig

    file = keep_folder(str(checkpoint)) / "config.json"
    stored = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if not isinstance(stored.get("text_config"), dict):
        raise SettingError(f"no text_config in {file}", "it says how large BERT is", KEEP_HINT)
    return BertConfig(**stored["text_config"])
