"""Sentences on the classes of pixels, in sets that can be compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.hashing import json_hash

_FIELDS = ("text", "source")
_RULE = "every set has, for each class and no other, sentences with a source, none of them twice"


@dataclass(frozen=True)
class PromptText:
    """One sentence.

    Attributes:
        text: the sentence that is embedded.
        source: against what it was checked.
    """

    text: str
    source: str


@dataclass(frozen=True)
class ClassPrompts:
    """Sentences of one task.

    Attributes:
        task: id, the file's stem by custom.
        title: of the task.
        status: who has reviewed the sentences.
        class_names: all classes, the background too.
        sets: by the name of the set, then by class.
    """

    task: str
    title: str
    status: str
    class_names: tuple[str, ...]
    sets: Mapping[str, Mapping[str, tuple[PromptText, ...]]]

    def sentences(self, prompt_set: str, class_names: Sequence[str]) -> list[list[str]]:
        """Sentences of one set.

        Args:
            prompt_set: its name.
            class_names: of the split; they give the order.

        Returns:
            One list a class, at least one sentence each.

        Raises:
            SettingError: for an unknown set, or classes that are not those of the prompts.
        """
        if prompt_set not in self.sets:
            raise SettingError(
                f"prompt_set={prompt_set!r} is not among the prompts of {self.task}",
                f"one of {', '.join(self.sets)}",
                "choose one of these, or add it to the file",
            )
        if sorted(class_names) != sorted(self.class_names):
            raise SettingError(
                f"prompts of {self.task} describe {len(self.class_names)} classes "
                f"{list(self.class_names)}, the split has {len(class_names)} {list(class_names)}",
                "each class of the split has its sentences under its name",
                "--prompts FILE.json of this task, classes named alike, or --use_txt_proto False",
            )
        chosen = self.sets[prompt_set]
        return [[each.text for each in chosen[name]] for name in class_names]

    @property
    def prompts_hash(self) -> str:
        """Hash of names and sentences; sources and status do not matter."""
        texts = {
            title: {name: [each.text for each in chosen[name]] for name in self.class_names}
            for title, chosen in self.sets.items()
        }
        return json_hash([self.task, list(self.class_names), texts])


def read_class_prompts(path: Path | str) -> ClassPrompts:
    """Read and check a file of prompts.

    Args:
        path: JSON with ``task, title, status, class_names`` and ``sets``; a set holds, for each
            class, a list of objects with ``text`` and ``source``.

    Raises:
        SettingError: one line with everything that is wrong.
    """
    found = _read(Path(path))
    names, sets = found.get("class_names"), found.get("sets")
    problems = [f"no {key}" for key in ("task", "title", "status") if not _is_text(found, key)]
    name_problems = _name_problems(names)
    problems += name_problems
    if not isinstance(sets, dict) or not sets:
        problems.append("no sets")
    elif not name_problems:
        problems += [
            text for title in sets for text in _set_problems(title, sets[title], names or ())
        ]
    if problems:
        raise SettingError(f"prompts {path}: {'; '.join(problems)}", _RULE, "mend the file")
    return ClassPrompts(
        task=found["task"],
        title=found["title"],
        status=found["status"],
        class_names=tuple(names or ()),
        sets={title: _prompt_texts(chosen) for title, chosen in (sets or {}).items()},
    )


def has_prompt_sets(path: Path | str) -> bool:
    """Whether a JSON file is one of prompts, not of priors.

    Raises:
        SettingError: if it cannot be read.
    """
    return "sets" in _read(Path(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(
            f"prompts {path} cannot be read ({str(error).splitlines()[0]})",
            "prompts are a JSON file",
            "give one as the MPAMatch bundle has in configs/priors",
        ) from error
    return found if isinstance(found, dict) else {}


def _prompt_texts(chosen: Mapping[str, Any]) -> dict[str, tuple[PromptText, ...]]:
    return {
        name: tuple(PromptText(*(" ".join(each[key].split()) for key in _FIELDS)) for each in texts)
        for name, texts in chosen.items()
    }


def _name_problems(names: Any) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return ["no class_names"]
    if len(set(names)) < len(names):
        return [f"class_names {names} name a class twice"]
    return [] if len(names) > 1 else ["class_names lists fewer than two classes"]


def _set_problems(title: str, chosen: Any, names: Sequence[Any]) -> Iterator[str]:
    if not isinstance(chosen, Mapping):
        yield f"set {title} does not map classes to sentences"
        return
    if missing := [name for name in names if not chosen.get(name)]:
        yield f"set {title} has no text of the classes {missing}"
    if spare := [name for name in chosen if name not in names]:
        yield f"set {title} has texts of no class: {spare}"
    texts: list[str] = []
    for name, entries in chosen.items():
        yield from _entry_problems(f"{title}.{name}", entries)
        texts += _words(entries)
    yield from (f"set {title} says twice {text!r}" for text, n in Counter(texts).items() if n > 1)


def _entry_problems(where: str, entries: Any) -> Iterator[str]:
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        yield f"{where} is no list of texts"
        return
    for n, each in enumerate(entries):
        yield from (f"{where} {n} has no {key}" for key in _FIELDS if not _is_text(each, key))


def _words(entries: Any) -> list[str]:
    """Sentences as far as they can be read, lower-cased, with single blanks."""
    rows = entries if isinstance(entries, list) else []
    kept = [each for each in rows if isinstance(each, Mapping) and _is_text(each, "text")]
    return [" ".join(each["text"].lower().split()) for each in kept]


def _is_text(entry: Mapping[str, Any], key: str) -> bool:
    return isinstance(entry.get(key), str) and bool(entry[key].strip())
