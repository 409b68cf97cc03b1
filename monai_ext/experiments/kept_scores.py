"""Scores of many runs in one small table a split, so that a report needs no run folders."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.csv_table import read_table
from monai_ext.errors import CohortError
from monai_ext.experiments.metrics import Array
from monai_ext.experiments.segmentation_grid import SegmentationCell

_DIGITS = 4
Cells = dict[tuple[str, str], SegmentationCell]


def keep_scores(cells: Mapping[tuple[str, str], SegmentationCell], folder: Path, end: str) -> Cells:
    """Add runs to the tables of ``folder`` and give all that the tables hold then.

    A table ``<split>_<end>.csv`` has a row an image and a column a run
    (``official_010/unimatch/2``); scores have four decimals.

    Args:
        cells: by datalist (``official_010``: split ``official``) and method.
        folder: of the tables; made where it is missing.
        end: what the scores are, ``mdice``.

    Raises:
        CohortError: if a run that is kept has other scores now, or other images.
    """
    splits: dict[str, Cells] = {}
    for (data, method), cell in cells.items():
        splits.setdefault(data.rpartition("_")[0] or data, {})[data, method] = cell
    for split, new in splits.items():
        path = folder / f"{split}_{end}.csv"
        _write(path, _merge(path, _read(path), new))
    kept = [_read(path) for path in sorted(folder.glob(f"*_{end}.csv"))]
    return {key: cell for table in kept for key, cell in table.items()}


def _read(path: Path) -> Cells:
    if not path.is_file():
        return {}
    rows = read_table(path, ["image", "patient"])
    images, patients = (tuple(row[name] for row in rows) for name in ("image", "patient"))
    columns: dict[tuple[str, str], dict[int, Array]] = {}
    for name in rows[0]:
        if name not in ("image", "patient"):
            data, method, seed = name.split("/")
            scores = np.array([float(row[name]) for row in rows])
            columns.setdefault((data, method), {})[int(seed)] = scores
    return {key: _cell(runs, patients, images) for key, runs in columns.items()}


def _merge(path: Path, old: Cells, new: Cells) -> Cells:
    every = [*old.values(), *new.values()]
    if any(cell.images != every[0].images for cell in every):
        raise CohortError(
            f"{path} has scores of other images",
            "a table is of one test part",
            "keep these runs in another folder",
        )
    merged = dict(old)
    for key, cell in new.items():
        runs = _runs(old[key]) if key in old else {}
        for seed, scores in _runs(cell).items():
            if seed in runs and not np.array_equal(runs[seed], scores, equal_nan=True):
                raise CohortError(
                    f"{path} has other scores of {'/'.join(key)}/{seed} than its run now",
                    "kept runs have one setting and one machine",
                    "keep these runs in another folder, or remove the table to begin it anew",
                )
            runs[seed] = scores
        merged[key] = _cell(runs, cell.patients, cell.images)
    return merged


def _runs(cell: SegmentationCell) -> dict[int, Array]:
    rounded = np.round(cell.scores, _DIGITS)
    return dict(zip(cell.seeds, rounded, strict=True))


def _cell(
    runs: Mapping[int, Array], patients: tuple[str, ...], images: tuple[str, ...]
) -> SegmentationCell:
    seeds = tuple(sorted(runs))
    return SegmentationCell(np.array([runs[n] for n in seeds]), patients, images, seeds)


def _write(path: Path, cells: Cells) -> None:
    runs = {(*key, n): row for key in sorted(cells) for n, row in _runs(cells[key]).items()}
    first = next(iter(cells.values()))
    with write_atomically(path) as partial, partial.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["image", "patient", *(f"{d}/{m}/{n}" for d, m, n in runs)])
        for k, (image, patient) in enumerate(zip(first.images, first.patients, strict=True)):
            writer.writerow(
                [image, patient, *(f"{scores[k]:.{_DIGITS}f}" for scores in runs.values())]
            )
