"""Vectors of sentences, class by class, where no encoder is at hand: from a file, or by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from monai_ext.errors import SettingError
from monai_ext.hashing import state_hash
from monai_ext.networks.encoders.prompt_vectors import read_prompt_vectors


@dataclass(frozen=True, eq=False)
class TextSource:
    """Vectors of all sentences, class by class.

    Attributes:
        vectors: ``[P, D]``, or a module whose output they are.
        counts: sentences a class; their sum is P.
        record: origin, plain, for a run's record.
    """

    vectors: Tensor | nn.Module
    counts: tuple[int, ...]
    record: dict[str, Any]


def random_texts(sentences: Sequence[Sequence[str]], dim: int, seed: int) -> TextSource:
    r"""A direction drawn evenly from the sphere in place of each sentence: the negative control.

    Args:
        sentences: one list a class; only their numbers count.
        dim: D.
        seed: of the draw.
    """
    counts = tuple(len(own) for own in sentences)
    drawn = torch.randn(sum(counts), dim, generator=torch.Generator().manual_seed(seed))
    vectors = functional.normalize(drawn, dim=-1)
    text_hash = state_hash({"texts": vectors})
    record = {"encoder_id": f"random_{dim}", "weight_hash": text_hash, "text_hash": text_hash}
    return TextSource(vectors, counts, record | {"licence": "none"})


def precomputed_texts(
    path: Path | str, sentences: Sequence[Sequence[str]], class_names: Sequence[str]
) -> TextSource:
    """Vectors of a file, in the order of ``class_names``.

    Args:
        path: what :func:`~monai_ext.networks.encoders.prompt_vectors.write_prompt_vectors` wrote.
        sentences: one list a class; compared with those of the file where it has them.
        class_names: of the split.

    Raises:
        SettingError: if the file is not sound, or of other classes or sentences.
    """
    found = read_prompt_vectors(path)
    rows = found.rows_of(class_names)
    for name, own, wanted in zip(class_names, rows, sentences, strict=True):
        if found.sentences and [found.sentences[k] for k in own] != list(wanted):
            raise SettingError(
                f"prompt vectors {path} are of other sentences on {name!r} than the prompts",
                "vectors and prompts of one run say the same",
                "embed these prompts again, or give the prompts of the file",
            )
    record: dict[str, Any] = {"encoder_id": found.encoder_id, "weight_hash": found.weight_hash}
    record |= {"licence": found.licence, "text_hash": found.text_hash}
    if not found.sentences:
        record["prompts"] = None  # nothing tells that those of the run are those of the file
    order = [k for own in rows for k in own]
    return TextSource(found.texts[order], tuple(len(own) for own in rows), record)


def texts_without_encoder(
    name: str,
    sentences: Sequence[Sequence[str]],
    class_names: Sequence[str] | None,
    given: Mapping[str, Any],
    seed: int,
) -> TextSource:
    """Random or precomputed vectors, after a look at what was given for them.

    Args:
        name: ``random`` or ``precomputed``.
        sentences: one list a class.
        class_names: of the lists; ``precomputed`` needs them.
        given: ``dim`` for the one, ``checkpoint`` for the other, nothing else.
        seed: of random vectors.

    Raises:
        SettingError: for anything else, or a file that does not fit.
    """
    needs = "dim" if name == "random" else "checkpoint"
    if list(given) != [needs]:
        raise SettingError(
            f"{name} text prototypes with {', '.join(given) or 'no option'}",
            f"{name} takes {needs} and nothing else",
            "give options={'dim': D}" if name == "random" else "give checkpoint=FILE.safetensors",
        )
    if name == "random":
        return random_texts(sentences, _width(given["dim"]), seed)
    if class_names is None:
        raise SettingError(
            "precomputed text prototypes without class_names",
            "rows of the file are found by the name of their class",
            "give class_names in the order of the network's classes",
        )
    return precomputed_texts(given["checkpoint"], sentences, class_names)


def _width(dim: object) -> int:
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise SettingError(f"dim={dim!r}", "a width is a whole number from 1 on", "use 512")
    return dim
