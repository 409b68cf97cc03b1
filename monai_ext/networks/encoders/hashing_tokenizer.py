"""Words to ids by hashing: a tokenizer that needs no vocabulary file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import torch
from torch import Tensor

from monai_ext.hashing import json_hash

PAD_ID, START_ID, END_ID = 0, 1, 2
_WORD = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")


class HashingTokenizer:
    """Lower-cased words and signs, each by its hash, between a start and an end token.

    For tests and stand-ins: two words may share an id.

    Args:
        vocab_size: number of ids; 0 is padding, 1 start, 2 end.
        context_length: length L of every row; longer sentences are cut and keep their end.

    Example:
        >>> HashingTokenizer(vocab_size=100, context_length=6)(["tumour, Tumour"]).tolist()
        [[1, 27, 59, 27, 2, 0]]
    """

    pad_id = PAD_ID

    def __init__(self, vocab_size: int, context_length: int) -> None:
        self.vocab_size, self.context_length = int(vocab_size), int(context_length)
        self.tokenizer_hash = json_hash(["hashing", self.vocab_size, self.context_length])

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Long ``[K, L]``."""
        return torch.tensor([self._row(text) for text in texts], dtype=torch.long)

    def _row(self, text: str) -> list[int]:
        words = [self._id(word) for word in _WORD.findall(text.lower())]
        row = [START_ID, *words[: self.context_length - 2], END_ID]
        return row + [PAD_ID] * (self.context_length - len(row))

    def _id(self, word: str) -> int:
        number = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
        return END_ID + 1 + number % (self.vocab_size - END_ID - 1)
