"""CONCH v1's text tower."""

from __future__ import annotations

from pathlib import Path

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.conch_model import CONTEXT_LENGTH, GET_CONCH, load_conch
from monai_ext.networks.encoders.file_tokenizer import FileTokenizer
from monai_ext.networks.encoders.hashing_tokenizer import END_ID, START_ID, HashingTokenizer
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder
from monai_ext.networks.encoders.stand_in import mark_stand_in, pick_file

TOKENIZER_FILES = ("conch_byte_level_bpe_uncased.json", "tokenizer.json")
_GET_TOKENIZER = (
    f"copy {TOKENIZER_FILES[0]} of https://github.com/mahmoodlab/CONCH next to the checkpoint, or "
    "give it as tokenizer"
)


class ConchText(SentenceEncoder):
    """Sentences in the space of CONCH v1's projected images, 512 wide.

    Weights and tokenizer are the user's own files; neither is shipped.

    Args:
        checkpoint: the user's ``pytorch_model.bin``.
        tokenizer: its tokenizer's JSON, or a folder with it; None looks next to the checkpoint.
        preset: ``"full"``; ``"tiny"`` is a stand-in of the same class, 32 wide, random, whose
            words are hashed.
        seed: of the stand-in's weights.

    Raises:
        SettingError: without weights or tokenizer, or if they are not CONCH's.

    Reference:
        As :class:`~monai_ext.networks.encoders.conch.Conch`. Sentences are cut to 127 tokens,
        start and end among them; pads follow, and the class token stands at position 127.
    """

    encoder_id = "conch_v1_text"
    embed_dim = 512
    licence = "CC-BY-NC-ND-4.0"
    commercial_use = False
    aligned_with = ("conch_v1_contrast",)

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        tokenizer: str | Path | None = None,
        preset: str = "full",
        seed: int = 0,
    ) -> None:
        model = load_conch(checkpoint, preset, self.encoder_id, seed=seed)
        if checkpoint is None and tokenizer is None:
            words = HashingTokenizer(model.vocab_size, CONTEXT_LENGTH - 1)
        else:
            words = _tokenizer(tokenizer or Path(str(checkpoint)).parent, model.vocab_size)
        super().__init__(model.text, words)
        self.embed_dim = model.embed_dim
        if preset == "tiny":
            mark_stand_in(self)
            self.aligned_with = ("conch_v1_contrast_tiny",)

    @classmethod
    def missing(cls) -> str | None:
        """How to get the weights, which cannot be shipped."""
        return GET_CONCH


def _tokenizer(path: str | Path, vocab_size: int) -> FileTokenizer:
    file = pick_file(path, TOKENIZER_FILES)
    if not file.is_file():
        raise SettingError(
            f"no tokenizer at {file}", "CONCH reads its words from a file", _GET_TOKENIZER
        )
    words = FileTokenizer(file, CONTEXT_LENGTH - 1, fixed_length=True)
    ids = words(["gland"])[0]
    inner = ids[1 : (ids != words.pad_id).sum() - 1]
    is_framed = ids[0] == START_ID and ids[len(inner) + 1] == END_ID
    if not is_framed or words.vocab_size != vocab_size:
        raise SettingError(
            f"{file} is not CONCH's tokenizer ({words.vocab_size} ids, {ids[:4].tolist()} ...)",
            f"{vocab_size} ids; padding is 0, start 1, end 2",
            _GET_TOKENIZER,
        )
    return words
