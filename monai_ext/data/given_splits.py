"""Splits that a person gives as a table."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from monai_ext.data.cohort import Cohort
from monai_ext.data.csv_table import read_table
from monai_ext.data.feature_layout import slide_stem
from monai_ext.data.problems import raise_all
from monai_ext.data.split_parts import PARTS, Split, require_sound
from monai_ext.data.splits import held_out_split
from monai_ext.errors import CohortError

_WORDS = {"train": "training", "val": "validation", "valid": "validation", "testing": "test"}
_WORDS |= {part: part for part in PARTS}


def given_splits(path: Path | str, cohort: Cohort, *, seed: int) -> list[Split]:
    """Read splits from a CSV with ``slide`` and ``part``, ``fold``, or both.

    - ``slide, part``: one split. ``part`` is training, validation or test (train, val do too).
    - ``slide, fold``: cross-validation; ``fold`` names the fold in which a slide is tested, and
      validation is drawn from the other folds' patients as usual.
    - ``slide, fold, part``: a split for every fold, each slide's part as given.

    Slides of the cohort that the table leaves out, or with an empty cell, are in no part.

    Args:
        path: the CSV.
        cohort: the labelled slides.
        seed: of the drawing of validation.

    Raises:
        CohortError: with the full list: a slide outside the cohort or twice, an unknown part, a
            patient in two parts, a part of a single class.
    """
    rows = read_table(path, ["slide"])
    columns = set(rows[0]) if rows else set()
    if not columns & {"part", "fold"}:
        raise CohortError(
            f"{path} has columns {sorted(columns)}",
            "a table of splits has slide and part, or slide and fold",
            "add a column part (training, validation, test) or fold",
        )
    rows = [{**row, "slide": slide_stem(row["slide"])} for row in rows]
    _require_known(path, rows, cohort)
    if "part" not in columns:
        return _by_fold(rows, cohort, seed)
    folds = sorted({row.get("fold", "") for row in rows} - {""}, key=_natural) or [""]
    return [_by_part(rows, fold, cohort) for fold in folds]


def _by_fold(rows: Sequence[Mapping[str, str]], cohort: Cohort, seed: int) -> list[Split]:
    tested = {row["slide"]: row["fold"] for row in rows if row["fold"]}
    used = cohort.without({item.slide for item in cohort.slides} - set(tested))
    return [
        held_out_split(
            used,
            {slide for slide, name in tested.items() if name == fold},
            name=f"fold{fold}",
            rng=np.random.default_rng([seed, number]),
            settings={"fold": fold, "seed": seed, "given": True},
        )
        for number, fold in enumerate(sorted(set(tested.values()), key=_natural))
    ]


def _by_part(rows: Sequence[Mapping[str, str]], fold: str, cohort: Cohort) -> Split:
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for row in rows:
        if row.get("fold", "") == fold and row["part"]:
            parts[_WORDS[row["part"].lower()]].append(row["slide"])
    name = f"fold{fold}" if fold else "split"
    training, validation, test = (tuple(parts[part]) for part in PARTS)
    return require_sound(Split(name, training, validation, test, {"given": True}), cohort)


def _require_known(path: Path | str, rows: Sequence[Mapping[str, str]], cohort: Cohort) -> None:
    known = {item.slide for item in cohort.slides}
    seen: set[tuple[str, str]] = set()
    problems = []
    for row in rows:
        key = (row["slide"], row.get("fold", "") if "part" in row else "")
        if row["slide"] not in known:
            problems.append(f"slide {row['slide']!r} is not in the cohort")
        if key in seen:
            problems.append(f"slide {row['slide']!r} is there twice")
        if row.get("part", "") and row["part"].lower() not in _WORDS:
            problems.append(f"slide {row['slide']!r} has part {row['part']!r}")
        seen.add(key)
    raise_all(
        str(path),
        problems,
        f"a row is a slide of the cohort, once a fold, with a part of {', '.join(PARTS)}",
        "correct these rows",
    )
    if missing := known - {row["slide"] for row in rows}:
        logging.getLogger(__name__).warning(
            "%s leaves out %d of %d slides of the cohort", path, len(missing), len(known)
        )


def _natural(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdigit() else (-1, text)
