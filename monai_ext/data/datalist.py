"""MONAI datalist JSON: one split's items, by relative paths, checked again when read."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai_ext.atomic import write_atomically
from monai_ext.data.cohort import Cohort
from monai_ext.data.feature_check import CheckedFeatures
from monai_ext.data.problems import raise_all
from monai_ext.data.split_parts import PARTS, Split
from monai_ext.errors import CohortError
from monai_ext.hashing import json_hash


@dataclass(frozen=True)
class Datalist:
    """One split, ready for a MONAI dataset.

    An item is ``{"image": [paths, finest first], "label": int, "slide": str, "patient": str}``
    with absolute paths, and ``"mpp"`` where the cohort's table gave one. ``image`` may also be
    one path: a feature file, or a slide whose features are extracted on the fly.

    Attributes:
        path: the JSON.
        training: items to learn from.
        validation: items that choose the model; may be empty.
        test: items held out.
        class_names: the classes; a label is a place in this list.
        in_channels: feature width D of each level.
        levels: grid level of each level, finest first.
        seed: of the split.
        cohort_hash: of slides, patients, labels and classes.
        other: what else the JSON holds, e.g. ``settings``, ``encoder_ids``, ``without_tissue``.
    """

    path: Path
    training: list[dict[str, Any]]
    validation: list[dict[str, Any]]
    test: list[dict[str, Any]]
    class_names: list[str]
    in_channels: list[int]
    levels: list[int]
    seed: int | None = None
    cohort_hash: str | None = None
    other: dict[str, Any] = field(default_factory=dict)

    def part(self, name: str) -> list[dict[str, Any]]:
        """Items of ``training``, ``validation`` or ``test``."""
        return getattr(self, name)

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return len(self.class_names)

    @property
    def class_weights(self) -> list[float]:
        """Weight of each class, n / (C n_c) over the training items: mean 1 over the items."""
        counts = Counter(item["label"] for item in self.training)
        n, c = len(self.training), self.num_classes
        return [n / (c * counts[k]) if counts[k] else 0.0 for k in range(c)]

    @property
    def split_hash(self) -> str:
        """Hash of which slides, patients and labels are in which part; paths do not matter."""
        parts = {
            name: sorted(
                [item["slide"], item["patient"], item["label"]] for item in self.part(name)
            )
            for name in PARTS
        }
        return json_hash({"parts": parts, "class_names": self.class_names})


def write_datalist(
    path: Path | str, split: Split, cohort: Cohort, features: CheckedFeatures
) -> Path:
    """Write one split as datalist JSON, all or nothing, with paths relative to its folder.

    Args:
        path: the JSON to write.
        split: see ``make_splits``.
        cohort: whose slides the split names.
        features: files of those slides, see ``check_features``.
    """
    path = Path(path)
    by_name = {item.slide: item for item in cohort.slides}
    folder = path.resolve().parent

    def entry(slide: str) -> dict[str, Any]:
        row = by_name[slide]
        image = [_relative(file, folder) for file in features.files[slide]]
        label = cohort.label_index(row)
        item = {"image": image, "label": label, "slide": slide, "patient": row.patient}
        return item if row.mpp is None else {**item, "mpp": row.mpp}

    content = {part: [entry(slide) for slide in split.part(part)] for part in PARTS} | {
        "class_names": list(cohort.class_names),
        "in_channels": list(features.in_channels),
        "levels": list(features.levels),
        "seed": split.settings.get("seed"),
        "cohort_hash": cohort.cohort_hash,
        "settings": dict(split.settings),
        "encoder_ids": list(features.encoder_ids),
        "without_tissue": list(features.without_tissue),
    }
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def load_datalist(path: Path | str) -> Datalist:
    """Read a datalist and check it again, since anyone may have edited it.

    Raises:
        CohortError: with the full list: a patient in two parts, a slide twice, a label outside
            the classes, a file that does not exist, items without their keys.
    """
    path = Path(path)
    content = _content(path)
    parts = {part: [_absolute(item, path) for item in content.pop(part, [])] for part in PARTS}
    class_names = [str(name) for name in content.pop("class_names", [])]
    raise_all(
        f"datalist {path}",
        [*_bad_items(parts, len(class_names)), *_shared(parts), *_missing_files(parts)],
        "an item has image, label, slide and patient; files exist; a patient is in one part only",
        "make the split again, or move the features back to where it was made",
    )
    return Datalist(
        path=path,
        **parts,
        class_names=class_names,
        in_channels=list(content.pop("in_channels", [])),
        levels=list(content.pop("levels", [])),
        seed=content.pop("seed", None),
        cohort_hash=content.pop("cohort_hash", None),
        other=content,
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CohortError(
            f"datalist {path} cannot be read ({error})",
            "a datalist is a JSON file",
            "make it: python -m monai_ext split",
        ) from error
    lists = isinstance(content, dict) and all(
        isinstance(content.get(part, []), list) for part in PARTS
    )
    if not lists or not content.get("class_names"):
        raise CohortError(
            f"{path} is no datalist of ours",
            f"it holds lists {', '.join(PARTS)} and class_names",
            "make it: python -m monai_ext split",
        )
    return content


def _absolute(item: Any, path: Path) -> dict[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get("image"), (str, list)):
        return {"item": item}
    folder = path.resolve().parent
    image = item["image"]
    if isinstance(image, str):
        return {**item, "image": os.path.normpath(folder / image)}
    return {**item, "image": [os.path.normpath(folder / str(file)) for file in image]}


def _bad_items(parts: Mapping[str, Sequence[Mapping[str, Any]]], num_classes: int) -> list[str]:
    problems = []
    for part, items in parts.items():
        for item in items:
            lacking = [key for key in ("image", "label", "slide", "patient") if key not in item]
            label = item.get("label")
            if lacking:
                problems.append(f"{part}: an item lacks {', '.join(lacking)}: {dict(item)}")
            elif type(label) is not int or not 0 <= label < num_classes:
                problems.append(f"{part}: slide {item['slide']!r} has label {label!r}")
    return problems


def _shared(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    patients: dict[str, set[str]] = {}
    slides: Counter[str] = Counter()
    for part, items in parts.items():
        for item in items:
            patients.setdefault(str(item.get("patient")), set()).add(part)
            slides[str(item.get("slide"))] += 1
    return [
        f"patient {patient!r} is in {' and '.join(sorted(found))}"
        for patient, found in patients.items()
        if len(found) > 1
    ] + [f"slide {slide!r} is there {n} times" for slide, n in slides.items() if n > 1]


def _missing_files(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    return [
        f"slide {item.get('slide')!r}: no file {file}"
        for items in parts.values()
        for item in items
        for file in _files(item)
        if not Path(file).exists()
    ]


def _files(item: Mapping[str, Any]) -> list[str]:
    image = item.get("image", [])
    return [image] if isinstance(image, str) else image


def _relative(file: Path, folder: Path) -> str:
    return Path(os.path.relpath(file.resolve(), folder)).as_posix()
