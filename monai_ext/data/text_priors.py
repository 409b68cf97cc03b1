"""Descriptions of classes and of what tiles may show, written down before any training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.hashing import json_hash

TEXT_KINDS = ("description", "paraphrase")
_FIELDS = ("name", *TEXT_KINDS, "source")
_RULE = "priors name each class and entity once, with a description, a paraphrase and a source"


@dataclass(frozen=True)
class PriorText:
    """One class or entity.

    Attributes:
        name: short, unique among its kind.
        description: the sentence that is embedded.
        paraphrase: the same in other words, for controls.
        source: against what it was checked.
    """

    name: str
    description: str
    paraphrase: str
    source: str


@dataclass(frozen=True)
class TextPriors:
    """Texts of one task.

    Attributes:
        task: id, the file's stem by custom.
        title: of the task.
        status: who has reviewed the texts.
        class_names: in the order of ``classes``.
        classes: one text a class, of a whole slide.
        instances: texts of what a tile may show.
    """

    task: str
    title: str
    status: str
    class_names: tuple[str, ...]
    classes: tuple[PriorText, ...]
    instances: tuple[PriorText, ...]

    def texts(self, kind: str) -> tuple[list[str], list[str]]:
        """Sentences of the instances and of the classes.

        Args:
            kind: ``description`` or ``paraphrase``.

        Raises:
            SettingError: for another word.
        """
        if kind not in TEXT_KINDS:
            raise SettingError(
                f"texts={kind}", "a prior has two texts", "description or paraphrase"
            )
        return [getattr(t, kind) for t in self.instances], [getattr(t, kind) for t in self.classes]

    @property
    def priors_hash(self) -> str:
        """Hash of names and sentences; sources and status do not matter."""
        rows = [[t.name, t.description, t.paraphrase] for t in (*self.classes, *self.instances)]
        return json_hash([self.task, len(self.classes), rows])


def read_text_priors(path: Path | str, *, min_instances: int = 2) -> TextPriors:
    """Read and check a priors file.

    Args:
        path: JSON with ``task, title, status, class_names, classes, instances``; the last two
            hold objects with ``name, description, paraphrase, source``.
        min_instances: fewer instance texts are refused.

    Raises:
        SettingError: one line with everything that is wrong.
    """
    found = _read(Path(path))
    classes, instances = found.get("classes"), found.get("instances")
    problems = [f"no {key}" for key in ("task", "title", "status") if not _is_text(found, key)]
    problems += _problems_of("class", classes) + _problems_of("instance", instances)
    names = found.get("class_names")
    if not problems:
        problems += _class_problems(names, [each["name"] for each in classes or ()])
        if len(instances or ()) < min_instances:
            problems.append(
                f"{len(instances or ())} instances, at least {min_instances} are needed"
            )
    if problems:
        raise SettingError(f"priors {path}: {'; '.join(problems)}", _RULE, "mend the file")
    return TextPriors(
        task=found["task"],
        title=found["title"],
        status=found["status"],
        class_names=tuple(names or ()),
        classes=_prior_texts(classes),
        instances=_prior_texts(instances),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(
            f"priors {path} cannot be read ({str(error).splitlines()[0]})",
            "priors are a JSON file",
            "give --priors FILE.json; the Libra-MIL bundle has four in configs/priors",
        ) from error
    return found if isinstance(found, dict) else {}


def _prior_texts(entries: Any) -> tuple[PriorText, ...]:
    return tuple(PriorText(*(" ".join(each[key].split()) for key in _FIELDS)) for each in entries)


def _problems_of(kind: str, entries: Any) -> list[str]:
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        return [f"no list of {kind} texts"]
    problems = [
        f"{kind} {n} ({each.get('name') or 'unnamed'}) has no {key}"
        for n, each in enumerate(entries)
        for key in _FIELDS
        if not _is_text(each, key)
    ]
    for key in ("name", *TEXT_KINDS):
        texts = [" ".join(each[key].lower().split()) for each in entries if _is_text(each, key)]
        twice = [text for text, count in Counter(texts).items() if count > 1]
        problems += [f"{kind} {key} comes twice: {_short(text)!r}" for text in twice]
    return problems


def _class_problems(names: Any, described: Sequence[str]) -> list[str]:
    if not isinstance(names, list) or len(names) < 2:
        return ["class_names lists fewer than two classes"]
    missing = [name for name in names if name not in described]
    spare = [name for name in described if name not in names]
    if missing or spare:
        return [f"classes without text: {missing}, texts without class: {spare}"]
    return [] if names == list(described) else ["class_names and classes are in different orders"]


def _is_text(entry: Mapping[str, Any], key: str) -> bool:
    return isinstance(entry.get(key), str) and bool(entry[key].strip())


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
