"""One round of active learning: ask for squares, annotate them, learn from them, score."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.engines.segment_region import Box
from monai_ext.experiments.bundle_run import run_bundle
from monai_ext.experiments.segmentation_grid import SCORES
from monai_ext.export import ModelFolder, find_model
from monai_ext.label.active_settings import ALL, START, ActiveCell, ActiveSettings, ActiveTask
from monai_ext.label.blank_model import write_blank_model
from monai_ext.label.fine_tune import BUNDLE, fine_tune, read_choices
from monai_ext.label.free_squares import find_squares
from monai_ext.label.next_region import next_region
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.simulated_annotator import SimulatedAnnotator
from monai_ext.label.square_list import read_squares, write_squares
from monai_ext.label.square_memory import SquareMemory

MODEL, SQUARES, FACTS = "model", "squares.csv", "facts.json"


def run_round(
    task: ActiveTask, settings: ActiveSettings, cell: ActiveCell, folder: Path, before: Path | None
) -> None:
    """Write the model, its scores, the squares annotated so far, and facts.

    The model asks as a server's would, the simulated annotator answers in files that are read as a
    person's, and :func:`fine_tune` trains as on a server.

    Args:
        task: pool and test images.
        settings: of the experiment.
        cell: which round.
        folder: of the cell, new.
        before: folder of the cell that it goes on from; ``None``: of round 0.

    Raises:
        SettingError: if there are too few squares.
    """
    clock = [time.perf_counter()]
    served = ServedSegmenter(_model(task, settings, cell, folder, before), task.mpp)
    annotator = SimulatedAnnotator(task.pool, task.class_names, folder / "labels")
    if before is not None:
        annotator.annotate(read_squares(before / SQUARES))
    _ask(settings, cell, served, annotator)
    clock.append(time.perf_counter())
    said = fine_tune(served, annotator.images, folder / "training", _choices(settings, cell))
    clock.append(time.perf_counter())
    _score(task, Path(said["run"]), folder)
    clock.append(time.perf_counter())
    write_squares(folder / SQUARES, annotator.squares)
    shutil.rmtree(folder / "training")
    shutil.rmtree(folder / MODEL / "earlier")
    _write_facts(folder, settings, cell, annotator, said, clock)


def _choices(settings: ActiveSettings, cell: ActiveCell) -> dict[str, Any]:
    """Of one seed and round, whatever the strategy."""
    steps = settings.steps if cell.number else settings.first_steps
    return read_choices(
        {**settings.training, "steps": steps, "seed": 100 * cell.seed + cell.number}
    )


def _write_facts(
    folder: Path,
    settings: ActiveSettings,
    cell: ActiveCell,
    annotator: SimulatedAnnotator,
    said: Mapping[str, Any],
    clock: Sequence[float],
) -> None:
    names = ("ask_s", "train_s", "score_s")
    spent = [round(end - start, 1) for start, end in itertools.pairwise(clock)]
    facts = {
        "squares": len(annotator.squares),
        "steps": _choices(settings, cell)["steps"],
        "ssl": said["ssl"],
        "pixels": sum(box.width * box.height for _, box in annotator.squares),
        "pictures": said["training"],
        "unlabelled": said["unlabelled"],
        **dict(zip(names, spent, strict=True)),
    }
    with write_atomically(folder / FACTS) as partial:
        partial.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _model(
    task: ActiveTask, settings: ActiveSettings, cell: ActiveCell, folder: Path, before: Path | None
) -> ModelFolder:
    if before is None:
        values = {**settings.model, "class_names": task.class_names}
        values |= {"num_classes": len(task.class_names)}
        return write_blank_model(folder / MODEL, BUNDLE, values, cell.seed)
    make_folder(folder)
    shutil.copytree(before / MODEL, folder / MODEL)
    return find_model(folder / MODEL)


def _ask(
    settings: ActiveSettings,
    cell: ActiveCell,
    served: ServedSegmenter,
    annotator: SimulatedAnnotator,
) -> None:
    """One square after another, each annotated before the next is asked for."""
    memory = SquareMemory()
    if cell.strategy == ALL:
        free, _ = find_squares(served, annotator.images, settings.edge_px, memory)
        annotator.annotate((square.image.name, square.box) for square in free)
        return
    strategy = "random" if cell.strategy == START else cell.strategy
    while len(annotator.squares) < settings.rounds[cell.number]:
        answer = next_region(
            strategy,
            served,
            annotator.images,
            edge_px=settings.edge_px,
            limit=settings.limit,
            seed=10_000 * cell.seed + len(annotator.squares),
            memory=memory,
        )
        annotator.annotate([(answer["id"], Box(*answer["bbox"]))])


def _score(task: ActiveTask, run: Path, folder: Path) -> None:
    """On the test part of the datalist, which nothing else reads."""
    where: dict[str, Any] = {"datalist": str(task.datalist), "output_dir": str(run)}
    where |= {"score_dir": str(run / "scored"), "pictures": False, "object_class": None}
    run_bundle(BUNDLE, ["train.json", "evaluate.json"], workflow_type="train", **where)
    with write_atomically(folder / SCORES) as partial:
        partial.write_bytes((run / "scored" / SCORES).read_bytes())
