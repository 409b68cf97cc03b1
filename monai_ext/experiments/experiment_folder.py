"""An experiment as ``crossval`` left it: predictions of every split, and who was in which part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_ext.errors import MonaiExtError, SettingError
from monai_ext.experiments.crossval import BASELINE, PREDICTIONS
from monai_ext.experiments.crossval_record import SETTINGS, SplitParts, read_parts
from monai_ext.outputs import PredictionTable, read_predictions


@dataclass(frozen=True)
class Experiment:
    """A finished experiment.

    Attributes:
        name: in tables and figures.
        folder: where it is.
        bundle: whose predictions these are.
        parts: of each split, in order.
        tables: test predictions of each split.
        baselines: the mean-pool baseline's; None unless every split has them.
    """

    name: str
    folder: Path
    bundle: str
    parts: Mapping[str, SplitParts]
    tables: Mapping[str, PredictionTable]
    baselines: Mapping[str, PredictionTable] | None


def read_experiment(folder: Path | str, name: str) -> Experiment:
    """Read an experiment.

    Raises:
        SettingError: if the folder is no experiment, or not all of its splits are done.
        CohortError: if predictions are not sound; the file is named.
    """
    folder = Path(folder)
    parts = read_parts(folder)
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    missing = [split for split in parts if not (folder / split / PREDICTIONS).is_file()]
    if missing:
        raise SettingError(
            f"{len(parts) - len(missing)} of {len(parts)} splits in {folder} are done; missing: "
            + ", ".join(missing),
            "experiments are compared when all their splits are done",
            "run crossval once more: finished splits are not redone",
        )
    has_baseline = all((folder / split / BASELINE).is_file() for split in parts)
    return Experiment(
        name,
        folder,
        str(settings["bundle"]),
        parts,
        {split: _table(folder / split / PREDICTIONS) for split in parts},
        {split: _table(folder / split / BASELINE) for split in parts} if has_baseline else None,
    )


def experiment_names(folders: Sequence[Path]) -> list[str]:
    """A name each: the folder's, with its parent's where two are called the same.

    Raises:
        SettingError: if a folder is given twice.
    """
    full = [folder.resolve() for folder in folders]
    twice = sorted({str(folder) for folder in full if full.count(folder) > 1})
    if twice:
        raise SettingError(
            f"{', '.join(twice)} is given twice", "a method is there once", "leave one out"
        )
    depth = 1
    names = [folder.name for folder in full]
    while len(set(names)) < len(names):
        depth += 1
        names = ["/".join(folder.parts[-depth:]) for folder in full]
    return names


def _table(path: Path) -> PredictionTable:
    try:
        return read_predictions(path).labelled()
    except MonaiExtError as error:
        raise type(error)(f"{path}: {error.found}", error.rule, error.repair) from error
