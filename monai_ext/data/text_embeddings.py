"""Embedded texts of a task as one file: what the text encoder is needed for, done once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from monai_ext.atomic import write_atomically
from monai_ext.errors import SettingError
from monai_ext.hashing import state_hash

VERSION = "1"
_LISTS = ("aligned_with", "instance_names", "class_names")
_EMBED = "make it with: python -m monai_ext embed-text --priors FILE --encoder NAME --output FILE"


@dataclass(frozen=True, eq=False, kw_only=True)
class TextEmbeddings:
    """Unit vectors of instance and class texts, and where they come from.

    Attributes:
        instances: ``[K_t, D]`` float32.
        classes: ``[C, D]`` float32, in the order of ``class_names``.
        instance_names: one a row.
        class_names: one a row.
        task: of the priors.
        encoder_id: of the text encoder.
        weight_hash: of its weights.
        licence: of the text encoder.
        aligned_with: ids of image encoders whose features lie in the same space; often none.
        priors_hash: of the sentences.
        texts: ``description`` or ``paraphrase``.
    """

    instances: Tensor
    classes: Tensor
    instance_names: tuple[str, ...]
    class_names: tuple[str, ...]
    task: str
    encoder_id: str
    weight_hash: str
    licence: str
    aligned_with: tuple[str, ...]
    priors_hash: str
    texts: str = "description"

    @property
    def num_instances(self) -> int:
        """K_t."""
        return len(self.instances)

    @property
    def dim(self) -> int:
        """D."""
        return self.instances.shape[1]

    @property
    def text_hash(self) -> str:
        """Hash of the numbers."""
        return state_hash({"instances": self.instances, "classes": self.classes})

    @property
    def record(self) -> dict[str, Any]:
        """All but the numbers, plain, for a run's record."""
        kept = [field.name for field in fields(self) if field.name not in ("instances", "classes")]
        plain = {name: getattr(self, name) for name in kept}
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}
        return plain | {"text_hash": self.text_hash}

    def for_classes(self, class_names: Sequence[str]) -> TextEmbeddings:
        """The same with classes in the order of a split.

        Raises:
            SettingError: if they are other classes.
        """
        if sorted(class_names) != sorted(self.class_names):
            raise SettingError(
                f"texts describe the classes {list(self.class_names)}, the split has "
                f"{list(class_names)}",
                "each class of the split has one text under its name",
                "give the texts of this task, or name the classes alike",
            )
        order = [self.class_names.index(name) for name in class_names]
        return replace(self, classes=self.classes[order], class_names=tuple(class_names))


def write_text_embeddings(path: Path | str, embeddings: TextEmbeddings) -> Path:
    """Write safetensors, all or nothing; gives the path.

    Raises:
        SettingError: if vectors are not unit vectors or names do not fit.
    """
    from safetensors.torch import save

    path = Path(path)
    _check(path, embeddings)
    plain = {f.name: getattr(embeddings, f.name) for f in fields(embeddings)}
    tensors = {name: plain.pop(name).contiguous() for name in ("instances", "classes")}
    metadata = {k: json.dumps(v) if k in _LISTS else str(v) for k, v in plain.items()}
    with write_atomically(path) as partial:
        partial.write_bytes(save(tensors, metadata=metadata | {"version": VERSION}))
    return path


def read_text_embeddings(
    path: Path | str | None,
    *,
    encoder_id: str | None = None,
    dim: int | None = None,
    num_instances: int | None = None,
) -> TextEmbeddings:
    """Read what :func:`write_text_embeddings` wrote.

    Args:
        path: safetensors file.
        encoder_id: refuse another text encoder's; None: any.
        dim: refuse another width.
        num_instances: refuse another number of instance texts.

    Raises:
        SettingError: if the file is not given, missing, not sound, or not what is expected.
    """
    if path is None or not Path(path).is_file():
        raise SettingError(
            "no text embeddings (text is empty)" if path is None else f"no text embeddings {path}",
            "the method starts from embedded texts",
            f"--text FILE.safetensors; {_EMBED}",
        )
    found = _parsed(Path(path))
    _check(Path(path), found)
    for name, wanted, there in (
        ("text encoder", encoder_id, found.encoder_id),
        ("width", dim, found.dim),
        ("number of instance texts", num_instances, found.num_instances),
    ):
        if wanted is not None and wanted != there:
            raise SettingError(
                f"text embeddings {path} have {name} {there}, expected {wanted}",
                "texts of one run come from one encoder and one list",
                _EMBED,
            )
    return found


def _parsed(path: Path) -> TextEmbeddings:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as stream:
            metadata = dict(stream.metadata() or {})
            tensors = {name: stream.get_tensor(name) for name in ("instances", "classes")}
        if metadata.get("version") != VERSION:
            raise ValueError(f"version {metadata.get('version')}, this reads {VERSION}")
        own = {f.name: metadata[f.name] for f in fields(TextEmbeddings) if f.name not in tensors}
        lists: dict[str, Any] = {k: tuple(map(str, json.loads(own.pop(k)))) for k in _LISTS}
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise SettingError(
            f"text embeddings {path} cannot be read ({type(error).__name__}: {error})",
            "texts are a safetensors file with instances, classes and their names",
            _EMBED,
        ) from error
    return TextEmbeddings(**tensors, **lists, **own)


def _check(path: Path, found: TextEmbeddings) -> None:
    problems = []
    for name in ("instances", "classes"):
        rows: Tensor = getattr(found, name)
        named = found.class_names if name == "classes" else found.instance_names
        if rows.ndim != 2 or rows.dtype != torch.float32 or not len(rows):
            problems.append(f"{name} are {rows.dtype} {tuple(rows.shape)}, not float32 rows")
        elif not (rows.norm(dim=1) - 1).abs().max() < 1e-3:
            problems.append(f"{name} are not unit vectors")
        if len(rows) != len(named):
            problems.append(f"{len(rows)} {name} have {len(named)} names")
    if not problems and found.instances.shape[1] != found.classes.shape[1]:
        problems.append("instances and classes have different widths")
    if problems:
        raise SettingError(
            f"text embeddings {path}: {'; '.join(problems)}",
            "texts are unit float32 vectors of one width, one name a row",
            _EMBED,
        )
