"""What turns sentences into vectors, behind one small contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from monai_ext.hashing import state_hash


class Tokenizer(Protocol):
    """Sentences to rows of token ids; ``tokenizer_hash`` names the words and the rules."""

    pad_id: int
    tokenizer_hash: str

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Long ``[K, L]``, one row a sentence, ``pad_id`` behind its end."""
        ...


class SentenceEncoder(nn.Module):
    r"""A frozen text network that maps sentences to unit vectors.

    :math:`f(s) = g(s) / \lVert g(s) \rVert_2` with :math:`g = \mathrm{backbone} \circ
    \mathrm{tokenizer}`.

    Shapes:
        K sentences, L tokens, D width.

    Args:
        backbone: maps long ``[K, L]`` to ``[K, D]``; it knows its padding id.
        tokenizer: maps a list of sentences to long ``[K, L]``.

    Subclasses set the class attributes ``encoder_id``, ``embed_dim`` (D), ``licence`` (SPDX
    where there is one), ``commercial_use`` (None if it depends on the weights), ``is_stand_in``
    for small random ones, and, if images were trained into the same space,
    ``aligned_with``: the ids of the patch encoders whose normalised features a dot product
    with these vectors compares.
    """

    encoder_id: str
    embed_dim: int
    licence: str
    commercial_use: bool | None
    is_stand_in: bool = False
    aligned_with: tuple[str, ...] = ()

    def __init__(self, backbone: nn.Module, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.eval().requires_grad_(requires_grad=False)

    @classmethod
    def missing(cls) -> str | None:
        """What has to be done before this encoder can be built here; None when it can."""
        return None

    def forward(self, ids: Tensor) -> Tensor:
        """Map token ids ``[K, L]`` to unit vectors ``[K, D]``."""
        return functional.normalize(self.backbone(ids), dim=-1)

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Map sentences to unit vectors.

        Args:
            texts: one or more sentences.

        Returns:
            float32 ``[K, D]``, constants that may enter a training graph.

        Raises:
            ValueError: for one string in place of a list, or for a blank sentence.
        """
        if isinstance(texts, str):
            raise ValueError(f"texts={texts[:40]!r} is one string; encode takes a list: [text]")
        if blank := [k for k, text in enumerate(texts) if not str(text).strip()]:
            raise ValueError(f"texts {blank} are blank; a sentence has a word: fill or drop them")
        if not texts:
            return torch.zeros(0, self.embed_dim)
        device = next((tensor.device for tensor in self.state_dict().values()), "cpu")
        with torch.no_grad():
            return self(self.tokenizer(texts).to(device)).float()

    @property
    def weight_hash(self) -> str:
        """Hash of names, shapes and bytes of the weights."""
        return state_hash(self.state_dict())

    @property
    def tokenizer_hash(self) -> str:
        """Hash of what happens to a sentence before the first layer."""
        return self.tokenizer.tokenizer_hash
