"""A split: which slides are trained on, which choose the model, which are held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monai_ext.data.cohort import Cohort, CohortSlide
from monai_ext.data.problems import raise_all

PARTS = ("training", "validation", "test")


@dataclass(frozen=True)
class Split:
    """One split of a cohort, by names of slides.

    Attributes:
        name: of its file, e.g. ``"fold0"``.
        training: slides to learn from.
        validation: slides that choose the model; may be empty.
        test: slides held out; may be empty in a split that a person gave.
        settings: how it was made, e.g. seed, folds, shots.
    """

    name: str
    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def part(self, name: str) -> tuple[str, ...]:
        """Slides of one of ``PARTS``."""
        return getattr(self, name)


def require_sound(split: Split, cohort: Cohort) -> Split:
    """Give the split back if it can be trusted.

    Raises:
        CohortError: with the full list: a patient or a slide in two parts, a part with slides of
            a single class, a class without training slides, a slide outside the cohort.
    """
    by_name = {item.slide: item for item in cohort.slides}
    problems = [
        f"{part}: slide {slide!r} is not in the cohort"
        for part in PARTS
        for slide in split.part(part)
        if slide not in by_name
    ]
    parts = {
        part: [by_name[slide] for slide in split.part(part) if slide in by_name] for part in PARTS
    }
    problems += [*_in_two_parts(parts), *_missing_classes(parts, cohort.class_names)]
    raise_all(
        f"split {split.name!r}",
        problems,
        "a patient is in one part only, every class is trained on, and a part that is measured "
        "holds two classes or more",
        "fewer folds, more patients of that class, another --seed, or mend the given split",
    )
    return split


def _in_two_parts(parts: Mapping[str, Sequence[CohortSlide]]) -> list[str]:
    problems = []
    for kind in ("patient", "slide"):
        places: dict[str, list[str]] = {}
        for part, slides in parts.items():
            names = [getattr(item, kind) for item in slides]
            for name in dict.fromkeys(names) if kind == "patient" else names:
                places.setdefault(name, []).append(part)
        problems += [
            f"{kind} {name!r} is in {' and '.join(where)}"
            for name, where in places.items()
            if len(where) > 1
        ]
    return problems


def _missing_classes(
    parts: Mapping[str, Sequence[CohortSlide]], class_names: Sequence[str]
) -> list[str]:
    found = {part: {item.label for item in slides} for part, slides in parts.items()}
    problems = [
        f"training has no slide of class {name!r}"
        for name in class_names
        if name not in found["training"]
    ]
    return problems + [
        f"{part} has slides of class {next(iter(labels))!r} only"
        for part, labels in found.items()
        if len(labels) == 1
    ]
