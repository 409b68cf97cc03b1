"""Classes as directions that sentences give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.encoded_texts import COOP_ENCODERS, encoded_texts
from monai_ext.networks.encoders.encoder_card import require_name
from monai_ext.networks.encoders.text_registry import TEXT_ENCODERS
from monai_ext.networks.encoders.text_source import texts_without_encoder

TEXT_AGGREGATIONS = ("mean", "max")
SHORT_NAMES = {"conch": "conch_v1_text", "keep": "keep_text", "minilm": "minilm_l6_v2"}


class TextPrototypes(nn.Module):
    r"""Unit vectors of classes, from one or several sentences each.

    With :math:`t_{cm}` the unit vector of sentence m of class c,

    .. math::
        \mathrm{mean:} \; p_{c1} = \frac{\sum_m t_{cm}}{\lVert \sum_m t_{cm} \rVert_2},
        \qquad
        \mathrm{max:} \; p_{cm} = t_{cm} .

    With ``max`` a pixel is compared with the nearest sentence of a class; a class with fewer
    sentences than another repeats its first, which changes no maximum.

    Shapes:
        C classes, M prototypes a class (1 for ``mean``), P sentences in all, D width.

    Args:
        vectors: ``[P, D]``, class by class, then constants of the state dict; or a module whose
            output they are, e.g. :class:`~monai_ext.networks.encoders.coop_prompts.CoOpPrompts`.
        counts: sentences a class.
        text_agg: ``mean`` or ``max``.
        record: origin of the vectors, plain.

    Raises:
        SettingError: for another ``text_agg``, or a class without a sentence.
        ValueError: if there are not as many vectors as sentences.

    Example:
        >>> prototypes = TextPrototypes(torch.eye(3, 4), counts=[1, 2], text_agg="max")
        >>> prototypes().shape
        torch.Size([2, 2, 4])
    """

    def __init__(
        self,
        vectors: Tensor | nn.Module,
        counts: Sequence[int],
        *,
        text_agg: str = "mean",
        record: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        _check(counts, text_agg)
        self.text_agg, self.record = text_agg, dict(record or {})
        self.prompts = vectors if isinstance(vectors, nn.Module) else None
        constant = None if isinstance(vectors, nn.Module) else vectors.detach().clone()
        self.register_buffer("vectors", constant)
        rows, is_real = _places(counts)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("is_real", is_real, persistent=False)
        with torch.no_grad():
            found = self._sentence_vectors()
        if len(found) != sum(counts):
            raise ValueError(f"{len(found)} vectors, the classes have {sum(counts)} sentences")
        self.num_classes, self.dim = len(counts), found.shape[1]

    def forward(self) -> Tensor:
        """Unit vectors ``[C, M, D]``; differentiable where the sentences' vectors are."""
        texts = self._sentence_vectors()[self.get_buffer("rows")]
        if self.text_agg == "max":
            return texts
        own = self.get_buffer("is_real").unsqueeze(-1).to(texts.dtype)
        return functional.normalize((texts * own).sum(dim=1, keepdim=True), dim=-1)

    def _sentence_vectors(self) -> Tensor:
        found = self.get_buffer("vectors") if self.prompts is None else self.prompts()
        return functional.normalize(found, dim=-1)


def build_text_prototypes(
    sentences: Sequence[Sequence[str]],
    encoder: str,
    *,
    checkpoint: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    coop_tokens: int = 0,
    text_agg: str = "mean",
    seed: int = 0,
    class_names: Sequence[str] | None = None,
) -> TextPrototypes:
    """Text prototypes of an encoder, of a file, or random ones.

    Args:
        sentences: one list a class, in the order of the network's classes.
        encoder: a registered text encoder, ``conch``, ``keep`` or ``minilm`` for short;
            ``precomputed``; or ``random``, the negative control.
        checkpoint: the encoder's weights (MiniLM: its folder), or the file of ``precomputed``.
        options: further arguments of the encoder; of ``random``: ``dim``, the width D.
        coop_tokens: learned words in front of each sentence, shared by all; 0: none.
        text_agg: ``mean`` or ``max``.
        seed: of the random vectors, and of the first values of learned words.
        class_names: of the lists; ``precomputed`` needs them, the record takes them.

    Raises:
        SettingError: for what cannot be built, in one line.
    """
    name = SHORT_NAMES.get(encoder, encoder)
    require_name("text encoder", name, [*TEXT_ENCODERS.names, "random", "precomputed"])
    names = [str(k) for k in range(len(sentences))] if class_names is None else list(class_names)
    _check([len(own) for own in sentences], text_agg)
    _check_words(name, names, len(sentences), coop_tokens)
    given = dict(options or {})
    if checkpoint is not None:
        given["checkpoint"] = checkpoint
    if name in TEXT_ENCODERS.names:
        source = encoded_texts(sentences, name, given, coop_tokens, seed)
    else:
        source = texts_without_encoder(name, sentences, class_names, given, seed)
    own = {"encoder": name, "text_agg": text_agg, "coop_tokens": coop_tokens, "seed": seed}
    own |= {"prompts": {key: list(texts) for key, texts in zip(names, sentences, strict=True)}}
    return TextPrototypes(
        source.vectors, source.counts, text_agg=text_agg, record=own | source.record
    )


def _check(counts: Sequence[int], text_agg: str) -> None:
    if text_agg not in TEXT_AGGREGATIONS:
        raise SettingError(
            f"text_agg={text_agg!r}", f"one of {', '.join(TEXT_AGGREGATIONS)}", "use mean"
        )
    if not counts or min(counts) < 1:
        raise SettingError(
            f"sentences a class: {list(counts)}",
            "there is a class, and each has a sentence",
            "add one, or leave the class out",
        )


def _check_words(name: str, names: Sequence[str], num_classes: int, coop_tokens: int) -> None:
    if len(set(names)) != num_classes or len(names) != num_classes:
        raise SettingError(
            f"class_names {list(names)} for {num_classes} lists of sentences",
            "each class has one name and one list",
            "give as many",
        )
    if coop_tokens < 0 or (coop_tokens and name not in COOP_ENCODERS):
        raise SettingError(
            f"coop_tokens={coop_tokens} with {name}",
            f"0, or learned words in the tower of {', '.join(COOP_ENCODERS)}",
            "use coop_tokens=0, or one of these encoders",
        )


def _places(counts: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Row of sentence m of class c, else of its first ``[C, M]``, and whether there is one."""
    place = torch.arange(max(counts)).expand(len(counts), -1)
    size = torch.tensor(list(counts))[:, None]
    is_real = place < size
    return size.cumsum(dim=0) - size + torch.where(is_real, place, 0), is_real
