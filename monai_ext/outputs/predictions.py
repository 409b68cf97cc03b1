"""`predictions.csv`: one row a slide (or a patient), one probability column a class."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_ext.atomic import write_atomically
from monai_ext.errors import CohortError, SettingError

RESERVED_COLUMNS = ("slide", "patient", "label", "provenance")
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Prediction:
    """Class probabilities of one slide.

    Attributes:
        slide: file stem.
        patient: whose slide; empty means that it is its own patient.
        probabilities: one a class, in the order of the class names; they sum to 1.
        label: name of the true class, where known.
        provenance: id of all that led to it.
    """

    slide: str
    patient: str
    probabilities: tuple[float, ...]
    label: str | None = None
    provenance: str = ""


@dataclass(frozen=True)
class PredictionTable:
    """Rows sorted by slide, with the names of their probability columns.

    Attributes:
        class_names: in label order: column c holds the probability of label index c.
        rows: sorted by slide, then patient.
    """

    class_names: tuple[str, ...]
    rows: tuple[Prediction, ...]

    def probabilities(self) -> NDArray[np.float64]:
        """All probabilities, [rows, classes]."""
        flat = [row.probabilities for row in self.rows]
        return np.asarray(flat, dtype=np.float64).reshape(len(self.rows), len(self.class_names))

    def labels(self) -> NDArray[np.int64]:
        """Class index of every row, -1 where the label is unknown."""
        index = {name: i for i, name in enumerate(self.class_names)}
        return np.asarray([index.get(row.label or "", -1) for row in self.rows], dtype=np.int64)

    def labelled(self) -> PredictionTable:
        """Only the rows whose label is known."""
        return PredictionTable(self.class_names, tuple(r for r in self.rows if r.label))


def prediction_table(rows: Iterable[Prediction], class_names: Sequence[str]) -> PredictionTable:
    """Check rows against the class names and sort them.

    Raises:
        SettingError: if class names are empty, double or those of other columns, or a row's
            probabilities are not one a class, within 0 to 1 and summing to 1.
        CohortError: for a label that is no class or a slide with two rows.
    """
    names = _checked_names(class_names)
    table = tuple(sorted(rows, key=lambda row: (row.slide, row.patient)))
    for row in table:
        _check_row(row, names)
    slides = Counter(row.slide for row in table)
    doubles = sorted(slide for slide, count in slides.items() if count > 1)
    if doubles:
        raise CohortError(
            f"slides {', '.join(doubles)} have two rows",
            "a slide has one prediction",
            "keep one of them",
        )
    return PredictionTable(names, table)


def write_predictions(
    path: Path | str, rows: Iterable[Prediction], class_names: Sequence[str]
) -> None:
    """Write `predictions.csv`: slide, patient, a column a class, label, provenance.

    The file appears complete or not at all. Probabilities keep 9 digits, all that a float32
    has. ``label`` holds the class name, not its index, and is empty where unknown.

    Args:
        path: the file.
        rows: in any order; written sorted by slide.
        class_names: in label order.

    Raises:
        SettingError: as ``prediction_table``.
        CohortError: as ``prediction_table``.
    """
    table = prediction_table(rows, class_names)
    with write_atomically(path) as partial, partial.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["slide", "patient", *table.class_names, "label", "provenance"])
        for row in table.rows:
            numbers = [f"{p:.9g}" for p in row.probabilities]
            writer.writerow([row.slide, row.patient, *numbers, row.label or "", row.provenance])


def read_predictions(path: Path | str) -> PredictionTable:
    """Read what ``write_predictions`` wrote; ``label`` and ``provenance`` may be missing.

    Raises:
        CohortError: if the columns or a number cannot be read.
    """
    with Path(path).open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        columns = list(reader.fieldnames or [])
        names = [column for column in columns if column not in RESERVED_COLUMNS]
        if not {"slide", "patient"} <= set(columns) or len(names) < 2:
            raise CohortError(
                f"{path} has columns {columns}",
                "predictions have slide, patient and one column a class",
                "give a predictions.csv",
            )
        rows = [_read_row(line, names, path, reader.line_num) for line in reader]
    return prediction_table(rows, names)


def patient_predictions(table: PredictionTable) -> PredictionTable:
    """One row a patient: the mean probability of its slides.

    Its ``slide`` lists the slides, joined by semicolons; its label is that of its slides.

    Raises:
        CohortError: if slides of a patient have different labels.
    """
    groups: dict[str, list[Prediction]] = {}
    for row in table.rows:
        groups.setdefault(row.patient or row.slide, []).append(row)
    rows = [_patient_row(patient, slides) for patient, slides in groups.items()]
    return PredictionTable(table.class_names, tuple(sorted(rows, key=lambda row: row.patient)))


def _patient_row(patient: str, slides: list[Prediction]) -> Prediction:
    labels = sorted({row.label for row in slides if row.label})
    if len(labels) > 1:
        raise CohortError(
            f"patient {patient} has slides labelled {', '.join(labels)}",
            "a patient has one label",
            "mend the cohort's table",
        )
    mean = np.mean([row.probabilities for row in slides], axis=0)
    sources = sorted({row.provenance for row in slides})
    return Prediction(
        ";".join(row.slide for row in slides),
        patient,
        tuple(float(p) for p in mean),
        labels[0] if labels else None,
        ";".join(source for source in sources if source),
    )


def _checked_names(class_names: Sequence[str]) -> tuple[str, ...]:
    names = tuple(str(name) for name in class_names)
    taken = [name for name in names if name.strip().lower() in RESERVED_COLUMNS]
    if len(names) < 2 or len(set(names)) < len(names) or not all(names) or taken:
        raise SettingError(
            f"class names {list(names)}",
            f"at least two different names, none of them {', '.join(RESERVED_COLUMNS)}",
            "rename the classes in the cohort",
        )
    return names


def _check_row(row: Prediction, names: tuple[str, ...]) -> None:
    p = np.asarray(row.probabilities, dtype=np.float64)
    is_sound = p.shape == (len(names),) and bool(((p >= 0) & (p <= 1)).all())
    if not is_sound or abs(p.sum() - 1) > _SUM_TOLERANCE:
        raise SettingError(
            f"slide {row.slide} has probabilities {list(row.probabilities)}",
            f"{len(names)} numbers within 0 to 1 that sum to 1",
            "give the softmax of the logits",
        )
    if row.label is not None and row.label not in names:
        raise CohortError(
            f"slide {row.slide} has label {row.label!r}",
            f"a label is one of {', '.join(names)}",
            "give the class name, not its index",
        )


def _read_row(line: dict[str, str], names: list[str], path: Path | str, at: int) -> Prediction:
    try:
        numbers = tuple(float(line[name]) for name in names)
    except (TypeError, ValueError) as error:
        raise CohortError(
            f"{path} line {at}: {error}", "probabilities are numbers", "write the file anew"
        ) from error
    return Prediction(
        line["slide"],
        line["patient"],
        numbers,
        line.get("label") or None,
        line.get("provenance") or "",
    )
