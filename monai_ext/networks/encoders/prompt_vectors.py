"""Sentences of classes as vectors in one file: what a text encoder is needed for, done once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from torch import Tensor
from torch.nn import functional

from monai_ext.atomic import write_atomically
from monai_ext.errors import SettingError
from monai_ext.hashing import state_hash
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder

_LISTS = ("classes", "sentences")
_RULE = "texts [P, D] are finite numbers, none zero, and the metadata's classes names each row's"
_REPAIR = "write the file with write_prompt_vectors"


@dataclass(frozen=True, eq=False, kw_only=True)
class PromptVectors:
    """One vector a sentence, and where it comes from.

    Attributes:
        texts: ``[P, D]``; any length but zero when written, unit float32 rows when read.
        classes: name of the class of each row.
        sentences: of the rows; empty if they are not known.
        encoder_id: of the text encoder.
        weight_hash: of its weights.
        licence: of the text encoder.
    """

    texts: Tensor
    classes: tuple[str, ...]
    sentences: tuple[str, ...] = ()
    encoder_id: str = "unknown"
    weight_hash: str = "unknown"
    licence: str = "unknown"

    @property
    def text_hash(self) -> str:
        """Hash of the numbers."""
        return state_hash({"texts": self.texts})

    def rows_of(self, class_names: Sequence[str]) -> list[list[int]]:
        """Numbers of the rows of each class, in the order of ``class_names``.

        Raises:
            SettingError: if they are other classes.
        """
        there = list(dict.fromkeys(self.classes))
        if sorted(class_names) != sorted(there):
            raise SettingError(
                f"prompt vectors describe {len(there)} classes {there}, the split has "
                f"{len(class_names)} {list(class_names)}",
                "each class of the split has its rows under its name",
                "give the vectors of this task, or name the classes alike",
            )
        return [[k for k, each in enumerate(self.classes) if each == name] for name in class_names]


def embed_prompts(
    sentences: Sequence[Sequence[str]], class_names: Sequence[str], encoder: SentenceEncoder
) -> PromptVectors:
    """Embed the sentences of each class.

    Args:
        sentences: one list a class.
        class_names: in the same order.
        encoder: frozen text encoder.
    """
    pairs = [(name, text) for name, own in zip(class_names, sentences, strict=True) for text in own]
    return PromptVectors(
        texts=encoder.encode([text for _, text in pairs]).cpu(),
        classes=tuple(name for name, _ in pairs),
        sentences=tuple(text for _, text in pairs),
        encoder_id=encoder.encoder_id,
        weight_hash=encoder.weight_hash,
        licence=encoder.licence,
    )


def write_prompt_vectors(path: Path | str, vectors: PromptVectors) -> Path:
    """Write safetensors, all or nothing; gives the path.

    Raises:
        SettingError: if numbers or names are not sound.
    """
    from safetensors.torch import save

    path = Path(path)
    _check(path, vectors)
    plain = {f.name: getattr(vectors, f.name) for f in fields(vectors) if f.name != "texts"}
    metadata = {k: json.dumps(v) if k in _LISTS else str(v) for k, v in plain.items()}
    with write_atomically(path) as partial:
        partial.write_bytes(save({"texts": vectors.texts.contiguous()}, metadata=metadata))
    return path


def read_prompt_vectors(path: Path | str) -> PromptVectors:
    """Read a safetensors file with a tensor ``texts`` and, as metadata, a JSON list ``classes``.

    The other metadata, under the names of :class:`PromptVectors`, may be missing.

    Raises:
        SettingError: if the file is missing or not sound.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    try:
        with safe_open(path, framework="pt") as stream:
            metadata, texts = dict(stream.metadata() or {}), stream.get_tensor("texts")
        lists = {key: list(json.loads(metadata.get(key, "[]"))) for key in _LISTS}
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise SettingError(
            f"prompt vectors {path} cannot be read ({error})",
            _RULE,
            _REPAIR,
        ) from error
    plain = {f.name for f in fields(PromptVectors)} & set(metadata) - {"texts", *_LISTS}
    found = PromptVectors(
        texts=texts,
        classes=tuple(map(str, lists["classes"])),
        sentences=tuple(map(str, lists["sentences"])),
        **{key: metadata[key] for key in plain},
    )
    _check(path, found)
    return replace(found, texts=functional.normalize(texts.float(), dim=-1))


def _check(path: Path, found: PromptVectors) -> None:
    texts, problems = found.texts, []
    rows = texts.shape[0] if texts.ndim else 0
    if texts.ndim != 2 or not texts.is_floating_point() or not texts.numel():
        problems.append(f"texts are {texts.dtype} {tuple(texts.shape)}")
    elif not (texts.isfinite().all() and (texts.float().norm(dim=1) > 0).all()):
        problems.append("texts hold a row of zeros or no numbers")
    if len(found.classes) != rows:
        problems.append(f"{rows} rows have {len(found.classes)} classes")
    if found.sentences and len(found.sentences) != rows:
        problems.append(f"{rows} rows have {len(found.sentences)} sentences")
    if problems:
        raise SettingError(f"prompt vectors {path}: {'; '.join(problems)}", _RULE, _REPAIR)
