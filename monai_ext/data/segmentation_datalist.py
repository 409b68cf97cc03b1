"""Datalist JSON of a segmentation run: labelled, unlabelled, validation and test images."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai_ext.atomic import write_atomically
from monai_ext.data.problems import raise_all
from monai_ext.errors import CohortError
from monai_ext.hashing import json_hash

SEGMENTATION_PARTS = ("training", "unlabelled", "validation", "test")
_RULE = (
    "an item has image, slide, patient and, unless it is unlabelled, label (its mask); each image "
    "is in one part; files exist; validation and test have patients of their own"
)


@dataclass(frozen=True)
class SegmentationDatalist:
    """One split of images with masks.

    An item is ``{"image": path, "label": mask path, "slide": name, "patient": str, "mpp": um}``;
    ``mpp`` may be missing. Unlabelled items have no label: a mask that exists is not even named.

    Attributes:
        path: the JSON.
        training: labelled images.
        unlabelled: images of the training part without masks.
        validation: images that no step learns from.
        test: images held out.
        class_names: a pixel of a mask is a place in this list.
        seed: of the split.
        patients_shared: why test has patients of training, where a published split has; else None.
        other: what else the JSON holds.
    """

    path: Path
    training: list[dict[str, Any]]
    unlabelled: list[dict[str, Any]]
    validation: list[dict[str, Any]]
    test: list[dict[str, Any]]
    class_names: list[str]
    seed: int | None = None
    patients_shared: str | None = None
    other: dict[str, Any] = field(default_factory=dict)

    def part(self, name: str) -> list[dict[str, Any]]:
        """Items of one of ``SEGMENTATION_PARTS``."""
        return getattr(self, name)

    @property
    def num_classes(self) -> int:
        """Number of classes C, background included."""
        return len(self.class_names)

    @property
    def split_hash(self) -> str:
        """Hash of which images and patients are in which part; paths do not matter."""
        parts = {
            name: sorted([item["slide"], item["patient"]] for item in self.part(name))
            for name in SEGMENTATION_PARTS
        }
        return json_hash({"parts": parts, "class_names": self.class_names})


def write_segmentation_datalist(
    path: Path | str,
    parts: Mapping[str, Sequence[Mapping[str, Any]]],
    class_names: Sequence[str],
    **facts: Any,
) -> Path:
    """Write the JSON, all or nothing, with paths relative to its folder; gives its path.

    Args:
        path: file to write.
        parts: items of each part, with absolute or working paths.
        class_names: background first.
        **facts: ``seed``, ``patients_shared`` and anything else to be kept.
    """
    path = Path(path)
    folder = path.resolve().parent
    content: dict[str, Any] = {
        name: [_relative(item, folder) for item in parts.get(name, ())]
        for name in SEGMENTATION_PARTS
    }
    content |= {"class_names": list(class_names), **facts}
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def load_segmentation_datalist(path: Path | str) -> SegmentationDatalist:
    """Read a datalist and check it, since anyone may have edited it.

    Raises:
        CohortError: with the full list of what is wrong.
    """
    path = Path(path)
    content = _content(path)
    parts = {name: _absolute(content.pop(name, []), path) for name in SEGMENTATION_PARTS}
    shared = content.pop("patients_shared", None)
    problems = _bad_items(parts)
    if not problems:
        problems = [
            *_twice(parts),
            *_missing_files(parts),
            *_shared_patients(parts, excused=shared),
        ]
    raise_all(f"datalist {path}", problems, _RULE, "mend the datalist, or make it again")
    return SegmentationDatalist(
        path=path,
        **parts,
        class_names=[str(name) for name in content.pop("class_names")],
        seed=content.pop("seed", None),
        patients_shared=shared,
        other=content,
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CohortError(
            f"datalist {path} cannot be read ({str(error).splitlines()[0]})",
            "a datalist is a JSON file",
            "see the bundle's docs/README.md for its form",
        ) from error
    names = content.get("class_names") if isinstance(content, dict) else None
    if not isinstance(names, list) or len(names) < 2 or not content.get("training"):
        raise CohortError(
            f"{path} is no segmentation datalist, or has no labelled image",
            f"it holds class_names (two or more) and lists {', '.join(SEGMENTATION_PARTS)}",
            "see the bundle's docs/README.md for its form",
        )
    return content


def _absolute(items: Any, path: Path) -> list[dict[str, Any]]:
    folder = path.resolve().parent
    found = []
    for item in items if isinstance(items, list) else [items]:
        given = dict(item) if isinstance(item, dict) else {"item": item}
        for key in ("image", "label"):
            if isinstance(given.get(key), str):
                given[key] = os.path.normpath(folder / given[key])
        found.append(given)
    return found


def _relative(item: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {
        key: Path(os.path.relpath(Path(value).resolve(), folder)).as_posix()
        if key in ("image", "label")
        else value
        for key, value in item.items()
    }


def _bad_items(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    problems = []
    for part, items in parts.items():
        needed = ["image", "slide", "patient"] + ["label"] * (part != "unlabelled")
        for item in items:
            name = item.get("slide", dict(item))
            lacking = [key for key in needed if not item.get(key)]
            if lacking:
                problems.append(f"{part}: {name!r} lacks {', '.join(lacking)}")
            elif part == "unlabelled" and "label" in item:
                problems.append(f"{part}: {name!r} names a mask, which must not be read")
    return problems


def _twice(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    problems = []
    for key in ("slide", "image"):
        places: dict[str, list[str]] = {}
        for part, items in parts.items():
            for item in items:
                places.setdefault(str(item[key]), []).append(part)
        problems += [
            f"{key} {value!r} is in {' and '.join(where)}"
            for value, where in places.items()
            if len(where) > 1
        ]
    return problems


def _missing_files(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    return [
        f"{item['slide']!r}: no file {item[key]}"
        for items in parts.values()
        for item in items
        for key in ("image", "label")
        if key in item and not Path(item[key]).is_file()
    ]


def _shared_patients(
    parts: Mapping[str, Sequence[Mapping[str, Any]]], *, excused: str | None
) -> list[str]:
    groups: dict[str, set[str]] = {}
    for part, items in parts.items():
        for item in items:
            where = "training" if part == "unlabelled" else part
            groups.setdefault(str(item["patient"]), set()).add(where)
    if excused:
        groups = {patient: found - {"test"} for patient, found in groups.items()}
    many = Counter({p: len(found) for p, found in groups.items() if len(found) > 1})
    return [f"patient {p!r} is in {' and '.join(sorted(groups[p]))}" for p in many]
