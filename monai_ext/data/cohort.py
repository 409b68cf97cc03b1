"""The table of slides: which patient each is from, and its label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monai_ext.data.attributes import as_number
from monai_ext.data.csv_table import read_table
from monai_ext.data.feature_layout import slide_stem
from monai_ext.data.problems import raise_all
from monai_ext.hashing import json_hash

_COLUMNS = ("slide", "patient", "label")
_NO_VALUE = {"", "nan", "na", "n/a", "none", "null"}
_MPP_RANGE = (0.05, 20.0)


@dataclass(frozen=True)
class CohortSlide:
    """One row: a slide, its patient, its label.

    Attributes:
        slide: the slide file's stem.
        patient: the patient's name, as text.
        label: the class's name.
        mpp: um a level-0 pixel, where the table has a column ``mpp`` and a value in it.
        other: the other columns.
    """

    slide: str
    patient: str
    label: str
    mpp: float | None = None
    other: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cohort:
    """Slides with labels; a label's number is its place in ``class_names``."""

    slides: tuple[CohortSlide, ...]
    class_names: tuple[str, ...]
    source: str = "cohort"

    @property
    def patients(self) -> tuple[str, ...]:
        """Patients in the order of the table, each once."""
        return tuple(dict.fromkeys(item.patient for item in self.slides))

    @property
    def cohort_hash(self) -> str:
        """Hash of slides, patients, labels and classes; the order of rows does not matter."""
        rows = sorted([item.slide, item.patient, item.label] for item in self.slides)
        return json_hash({"rows": rows, "class_names": list(self.class_names)})

    def label_index(self, item: CohortSlide) -> int:
        """Number of a slide's class."""
        return self.class_names.index(item.label)

    def without(self, slides: Iterable[str]) -> Cohort:
        """The cohort less some slides; the classes stay."""
        out = set(slides)
        kept = tuple(item for item in self.slides if item.slide not in out)
        return Cohort(kept, self.class_names, self.source)


def read_cohort(path: Path | str, *, class_names: Sequence[str] | str | None = None) -> Cohort:
    """Read a CSV with columns ``slide``, ``patient``, ``label`` and any others.

    Args:
        path: the CSV. ``slide`` is a file name; folders and one known ending are ignored. A
            column ``mpp`` (um a level-0 pixel) may be there.
        class_names: the classes in order, as a list or ``"a,b"``; None: those that occur, sorted
            (as numbers if all are numbers), so that of two the second is the positive one.

    Returns:
        The cohort, in the table's order.

    Raises:
        CohortError: with the full list of what is wrong: an empty cell, a label outside the
            classes, a slide twice, a slide of two patients, an mpp that cannot be.
    """
    rows = read_table(path, _COLUMNS)
    slides = [_slide(row) for row in rows]
    if isinstance(class_names, str):
        class_names = [name.strip() for name in class_names.split(",")]
    names = tuple(map(str, class_names)) if class_names else _sorted_labels(slides)
    problems = [
        *_empty_cells(rows),
        *_foreign_labels(slides, names),
        *_repeats(slides),
        *_bad_mpps(rows),
    ]
    if not rows:
        problems.append("no slide")
    raise_all(
        str(path),
        problems,
        "every slide is there once, with one patient and one label "
        f"of the classes {', '.join(names)}",
        "correct these rows, or give the classes by --class_names",
    )
    return Cohort(tuple(slides), names, str(path))


def _slide(row: Mapping[str, str]) -> CohortSlide:
    other = {name: cell for name, cell in row.items() if name and name not in (*_COLUMNS, "mpp")}
    return CohortSlide(
        slide_stem(row["slide"]), row["patient"], row["label"], as_number(row.get("mpp")), other
    )


def _sorted_labels(slides: Sequence[CohortSlide]) -> tuple[str, ...]:
    labels = {item.label for item in slides if item.label.lower() not in _NO_VALUE}
    if all(as_number(label) is not None for label in labels):
        return tuple(sorted(labels, key=float))
    return tuple(sorted(labels))


def _empty_cells(rows: Sequence[Mapping[str, str]]) -> list[str]:
    return [
        f"row {number}: {column} is {row[column]!r}"
        + (f" ({row['slide']})" if row["slide"] else "")
        for number, row in enumerate(rows, start=2)
        for column in _COLUMNS
        if row[column].lower() in _NO_VALUE
    ]


def _foreign_labels(slides: Sequence[CohortSlide], names: Sequence[str]) -> list[str]:
    return [
        f"slide {item.slide!r} has label {item.label!r}"
        for item in slides
        if item.label not in names and item.label.lower() not in _NO_VALUE
    ]


def _repeats(slides: Sequence[CohortSlide]) -> list[str]:
    rows: dict[str, list[CohortSlide]] = {}
    for item in slides:
        rows.setdefault(item.slide, []).append(item)
    problems = []
    for slide, same in rows.items():
        patients, labels = ({getattr(item, key) for item in same} for key in ("patient", "label"))
        if len(same) > 1:
            problems.append(f"slide {slide!r} is there {len(same)} times")
        if len(patients) > 1:
            problems.append(f"slide {slide!r} has patients {', '.join(sorted(patients))}")
        if len(labels) > 1:
            problems.append(f"slide {slide!r} has labels {', '.join(sorted(labels))}")
    return problems


def _bad_mpps(rows: Sequence[Mapping[str, str]]) -> list[str]:
    low, high = _MPP_RANGE
    return [
        f"slide {row['slide']!r} has mpp {text!r}, outside {low} to {high} um"
        for row in rows
        if (text := row.get("mpp", "")).lower() not in _NO_VALUE
        and not low <= (as_number(text) or 0) <= high
    ]
