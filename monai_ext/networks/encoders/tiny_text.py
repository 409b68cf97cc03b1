"""A text encoder small enough for tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from monai_ext.networks.encoders.hashing_tokenizer import END_ID, HashingTokenizer
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder


class WordMean(nn.Module):
    """The mean of a sentence's word vectors; start, end and padding do not count.

    Args:
        table: one vector a token id, ``[V, D]``.
    """

    table: Tensor

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table)

    def forward(self, ids: Tensor) -> Tensor:
        """Map ``[K, L]`` to ``[K, D]``."""
        is_word = (ids > END_ID).unsqueeze(-1).to(self.table.dtype)
        return (self.table[ids] * is_word).sum(1) / is_word.sum(1).clamp_min(1.0)


class TinyText(SentenceEncoder):
    """Seeded random word vectors, averaged: instant, repeatable, without meaning.

    Sentences that share words are near each other, and nothing else is true of it. Results with
    it are not comparable to those of a trained encoder.

    Args:
        embed_dim: width D.
        seed: of the word vectors.
        vocab_size: number of hashed word ids.
        context_length: words that are read, with start and end.

    Example:
        >>> TinyText(embed_dim=8).encode(["a gland", "stroma"]).shape
        torch.Size([2, 8])
    """

    encoder_id = "tiny_text"
    licence = "Apache-2.0"
    commercial_use = True
    is_stand_in = True
    embed_dim = 16

    def __init__(
        self,
        embed_dim: int = 16,
        seed: int = 0,
        vocab_size: int = 4096,
        context_length: int = 256,
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        table = torch.randn(vocab_size, embed_dim, generator=generator)
        super().__init__(WordMean(table), HashingTokenizer(vocab_size, context_length))
        self.embed_dim = int(embed_dim)
