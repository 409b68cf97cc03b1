"""All rounds of all strategies and seeds, each a folder; what is finished is not run again."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.errors import SettingError
from monai_ext.experiments.crossval_record import claim, record_settings
from monai_ext.experiments.kept_scores import Cells
from monai_ext.experiments.segmentation_grid import read_cell
from monai_ext.label.active_round import FACTS, run_round
from monai_ext.label.active_settings import ActiveCell, ActiveSettings, ActiveTask, active_cells

SETTINGS = "active.json"


def run_grid(
    task: ActiveTask, settings: ActiveSettings, seeds: Sequence[int], output: Path
) -> Iterator[ActiveCell]:
    """Run what is missing, seed by seed; a round that was interrupted starts over.

    Args:
        task: pool and test images.
        settings: of all rounds.
        seeds: more can be added later.
        output: folder of the experiment.

    Yields:
        Each round when it is there.

    Raises:
        SettingError: if the folder holds an experiment with other settings or images, or another
            process runs one of the seeds.
    """
    settings.verify()
    make_folder(output)
    record_settings(output / SETTINGS, settings.record() | {"images": task.split_hash})
    for seed in seeds:
        with claim(output, f"seed{seed}") as is_mine:
            if not is_mine:
                raise SettingError(
                    f"another process runs seed {seed} in {output}",
                    "one process runs a seed",
                    "wait for it, or give other seeds",
                )
            for cell in active_cells(settings, seed):
                _run(task, settings, cell, output)
                yield cell


def _run(task: ActiveTask, settings: ActiveSettings, cell: ActiveCell, output: Path) -> None:
    folder = output / cell.name
    if folder.is_dir():
        return
    new = folder.with_name(f".{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    run_round(task, settings, cell, new, output / cell.before.name if cell.before else None)
    new.rename(folder)


def read_grid(output: Path) -> Cells:
    """Scores of all rounds that are finished.

    Args:
        output: folder of the experiment.

    Returns:
        Cells by ``squares_NNN`` and strategy; rounds in which everything is annotated stand beside
        those of the strategies that were trained for as many steps.

    Raises:
        SettingError: if the folder is no such experiment.
    """
    if not (output / SETTINGS).is_file():
        raise SettingError(
            f"{output} has no {SETTINGS}", "a report is of an experiment", "run it first"
        )
    rounds = json.loads((output / SETTINGS).read_text(encoding="utf-8"))["rounds"]
    runs: dict[tuple[str, str], dict[int, Path]] = {}
    for cell, folder in _finished(output):
        key = (f"squares_{rounds[cell.number]:03d}", cell.strategy)
        runs.setdefault(key, {})[cell.seed] = folder
    found = {key: read_cell(folders) for key, folders in runs.items()}
    return {key: cell for key, cell in found.items() if cell is not None}


def write_rounds(output: Path, target: Path) -> None:
    """Write a row a round: mean Dice over the test images, what was annotated, how it was trained.

    Args:
        output: folder of the experiment.
        target: CSV.
    """
    rows: list[dict[str, Any]] = []
    for cell, folder in _finished(output):
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        scored = read_cell({cell.seed: folder})
        mean = float("nan") if scored is None else float(np.mean(scored.scores))
        named = {"seed": cell.seed, "strategy": cell.strategy, "round": cell.number}
        rows.append({**named, "mdice": f"{mean:.4f}", **facts})
    with write_atomically(target) as partial, partial.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _finished(output: Path) -> list[tuple[ActiveCell, Path]]:
    found = []
    for path in sorted(output.glob(f"seed*/*/round*/{FACTS}")):
        seed, strategy, number = path.parts[-4:-1]
        found.append((ActiveCell(int(seed[4:]), strategy, int(number[5:])), path.parent))
    return found
