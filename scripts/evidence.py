"""Evidence of all MIL methods on small bags in memory: what a method's claim rests on, on trial.

python scripts/evidence.py planted --output runs/evidence
python scripts/evidence.py unit_tests --output runs/evidence
python scripts/evidence.py ucsb --output runs/evidence
python scripts/evidence.py ablations --output runs/evidence

Every run is one line of a CSV as soon as it is done; a rerun does only what is missing. Tables go
to OUTPUT/<name>.md and .json. Sizes and settings were chosen on seeds 0 to 4; seeds from 10 on
are reported.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fire
import numpy as np
import torch
from tqdm import tqdm

from monai_ext.atomic import write_atomically
from monai_ext.errors import MonaiExtError
from monai_ext.experiments.bag_crossval import (
    GRID,
    cross_validate_bags,
    cross_validate_pooled,
    has_grid,
    read_benchmark,
)
from monai_ext.experiments.bag_methods import BagMethod, BagSettings, bag_methods
from monai_ext.experiments.bag_run import run_on_draw
from monai_ext.experiments.evidence_claims import Claim, judge, seed_mean, verdict_table
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.mil_unit_tests import (
    UNIT_TESTS,
    UnitTestPlan,
    unit_test_draw,
    unit_test_verdict,
)
from monai_ext.experiments.planted_draw import PlantedDraw
from monai_ext.experiments.planted_tasks import PlantedSizes, planted_tasks
from monai_ext.experiments.planted_text import TextBagPlan
from monai_ext.experiments.presence_scorer import PresenceScorer
from monai_ext.experiments.run_table import RunTable

FIRST_SEED = 10
SHOTS = (1, 2, 4)
SIZES = PlantedSizes(
    training=64,
    test=200,
    contiguous={"side": 8, "width": 6, "lesion": 10, "shift": 4.0},
    isolated={"side": 8, "width": 6, "shift": 5.0},
    middle_level={"cells": (2, 4), "width": 6, "salient": 2, "shift": 3.0},
    finest_level={"cells": (2, 4), "width": 6, "tiles": 4, "shift": 4.0},
    shots=SHOTS,
    text=TextBagPlan(tiles=48, signed=6, sign=2.0, nuisance=1.0, noise=0.5),
    text_width=24,
    closeness=0.8,
)
HIDDEN, DROPOUT = 16, 0.1
FIT = FitSettings(epochs=60, learning_rate=2e-2, weight_decay=1e-2, batch_size=16)
FEW_SHOT_FIT = FitSettings(epochs=60, learning_rate=3e-3, weight_decay=1e-2, batch_size=8)
CHANCE, TIE, LEARNT = 0.1, 0.05, 0.7
NUMBERS = ("train_auc", "auc", "tiles", "seconds")
UNIT_TEST_FIT = FitSettings(epochs=40, learning_rate=1e-2, weight_decay=1e-2, batch_size=16)
PRESENCE_HIDDEN = 32
PRESENCE_FIT = FitSettings(epochs=200, learning_rate=2e-2, weight_decay=1e-4, batch_size=16)
UNIT_TEST_PLAN = UnitTestPlan(width=8, background=10, training=100, test=200)
UNIT_TEST_METHODS = (
    "presence",
    *("mean", "max", "linear", "simlp", "abmil", "clam_sb", "clam_mb", "transmil", "dsmil"),
    *("region_lse", "srmil", "srmil_lse", "m2otca_fine", "libra_random"),
)
HIGH = 0.8
UCSB_METHODS = (
    *("mean", "max", "linear", "simlp", "abmil", "clam_sb", "clam_mb", "transmil", "dsmil"),
    *("srmil_none", "libra_random", "libra_none"),
)
UCSB_LEFT_OUT = ("srmil", "srmil_lse", "m2otca", "region_lse")
UCSB_HIDDEN, FOLDS = 32, 10
UCSB_FIT = FitSettings(epochs=20, learning_rate=1e-3, weight_decay=1e-2, batch_size=8)


@dataclass(frozen=True)
class Arm:
    """A method of the registry as it runs on a task."""

    task: str
    name: str
    method: str
    options: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    is_few_shot: bool = False

    def prepared(self, draw: PlantedDraw) -> tuple[BagMethod, FitSettings]:
        """The method with its options, and how it is trained."""
        settings = BagSettings(
            hidden_dim=HIDDEN,
            dropout=0.0 if self.is_few_shot else DROPOUT,
            text=draw.text,
            options={self.method: self.options},
            training={self.method: self.training},
        )
        return bag_methods(settings)[self.method], FEW_SHOT_FIT if self.is_few_shot else FIT


def _arms(task: str, *names: str) -> list[Arm]:
    return [Arm(task, name, name) for name in names]


def _text_arms(task: str, *names: str) -> list[Arm]:
    """Features and texts share a space, so no projections, save for ``libra_projected``."""
    arms = []
    for name in names:
        method = "libra" if name in ("libra_projected", "libra_no_vision") else name
        options: dict[str, Any] = {"use_proj": name == "libra_projected"}
        if name == "libra_no_vision":
            options["vision_prototypes"] = False
        given = options if method.startswith("libra") else {}
        arms.append(Arm(task, name, method, given, is_few_shot=True))
    return arms


def _planted_arms() -> tuple[list[Arm], list[Claim]]:
    """Runs and claims of ``planted``, method by method."""
    arms = [
        *_arms("contiguous", "srmil", "srmil_shuffled", "srmil_none"),
        *_arms("contiguous", "mean", "max", "abmil", "dsmil", "transmil"),
        *_arms("scattered", "srmil"),
        *_arms("isolated", "srmil", "max", "abmil"),
        *_arms("middle_level", "m2otca", "m2otca_fine", "abmil", "abmil_levels"),
        *_arms("middle_level_permuted", "m2otca"),
        *_arms("finest_level", "m2otca", "abmil", "max"),
    ]
    claims = [
        Claim("learns", "contiguous", "srmil", margin=LEARNT),
        Claim("beats", "contiguous", "srmil", ("contiguous", "abmil")),
        Claim("beats", "contiguous", "srmil", ("contiguous", "transmil")),
        Claim("chance", "contiguous", "srmil_shuffled", margin=CHANCE),
        Claim("chance", "contiguous", "srmil_none", margin=CHANCE),
        Claim("chance", "scattered", "srmil", margin=CHANCE),
        *[
            Claim("chance", "contiguous", name, margin=CHANCE)
            for name in ("mean", "max", "abmil", "dsmil")
        ],
        Claim("no_better", "isolated", "srmil", ("isolated", "max"), TIE),
        Claim("no_better", "isolated", "srmil", ("isolated", "abmil"), TIE),
        Claim("learns", "middle_level", "m2otca", margin=LEARNT),
        Claim("beats", "middle_level", "m2otca", ("middle_level", "abmil_levels")),
        Claim("chance", "middle_level_permuted", "m2otca", margin=CHANCE),
        Claim("chance", "middle_level", "m2otca_fine", margin=CHANCE),
        Claim("chance", "middle_level", "abmil", margin=CHANCE),
        Claim("chance", "middle_level", "abmil_levels", margin=CHANCE),
        Claim("no_better", "finest_level", "m2otca", ("finest_level", "abmil"), TIE),
        Claim("no_better", "finest_level", "m2otca", ("finest_level", "max"), TIE),
    ]
    for k in SHOTS:
        text, shuffled, odd = (f"text{x}_k{k}" for x in ("", "_shuffled", "_orthogonal"))
        arms += _text_arms(text, "libra", "libra_random", "abmil")
        arms += _text_arms(shuffled, "libra")
        arms += _text_arms(odd, "libra", "libra_random")
        claims += [
            Claim("beats", text, "libra", (shuffled, "libra")),
            Claim("beats", text, "libra", (text, "libra_random")),
            Claim("beats", text, "libra", (text, "abmil")),
            Claim("no_better", odd, "libra", (odd, "libra_random"), TIE),
        ]
    text, shuffled, named = (f"text{x}_k{SHOTS[-1]}" for x in ("", "_shuffled", "_named"))
    arms += _text_arms(text, "libra_projected", "libra_no_vision")
    arms += _text_arms(shuffled, "libra_no_vision")
    arms += _text_arms(named, "libra", "libra_random")
    claims += [
        Claim("beats", text, "libra_no_vision", (shuffled, "libra_no_vision")),
        Claim("beats", text, "libra_projected", (text, "libra_random")),
        Claim("beats", named, "libra", (named, "libra_random")),
    ]
    return arms, claims


def _ablation_arms() -> tuple[list[Arm], list[Claim]]:
    """Three ablations a method, on its own task."""
    text = f"text_k{SHOTS[-1]}"
    arms = [
        *_arms("contiguous", "srmil", "srmil_none"),
        Arm("contiguous", "srmil_no_reconstruction", "srmil", training={"use_rec": False}),
        Arm("contiguous", "srmil_no_corrupted_ce", "srmil", training={"use_corrupt_ce": False}),
        *_arms("middle_level", "m2otca", "m_b", "m_c", "m2otca_fine"),
        *_text_arms(text, "libra", "libra_none", "libra_sum", "libra_query"),
    ]
    own = {
        ("contiguous", "srmil"): [
            "srmil_none",
            "srmil_no_reconstruction",
            "srmil_no_corrupted_ce",
        ],
        ("middle_level", "m2otca"): ["m_b", "m_c", "m2otca_fine"],
        (text, "libra"): ["libra_none", "libra_sum", "libra_query"],
    }
    claims = [
        Claim("beats", task, name, (task, other))
        for (task, name), others in own.items()
        for other in others
    ]
    return arms, claims


def planted(output: str, seeds: int = 5, few_shot_seeds: int = 10, threads: int = 1) -> None:
    """Methods on tasks made for them, on their controls, and on tasks that they must not win.

    Args:
        output: folder of ``runs.csv`` and of the tables.
        seeds: draws of each task.
        few_shot_seeds: of the few-shot tasks, whose draws differ more and take less.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    _judged("planted", *_planted_arms(), Path(str(output)), (seeds, few_shot_seeds))


def ablations(output: str, seeds: int = 5, few_shot_seeds: int = 10, threads: int = 1) -> None:
    """Every method without what its claim rests on, on its own task.

    Args:
        output: folder; runs that ``planted`` has made are not made again.
        seeds: draws of each task.
        few_shot_seeds: of the few-shot tasks.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    _judged("ablations", *_ablation_arms(), Path(str(output)), (seeds, few_shot_seeds))


def unit_tests(output: str, seeds: int = 5, methods: Sequence[str] = (), threads: int = 1) -> None:
    """Raff and Holt's algorithmic unit tests; ``presence`` is the control that cannot fail them.

    Args:
        output: folder of ``unit_tests.csv`` and of the table.
        seeds: draws of each test.
        methods: names; all of ``UNIT_TEST_METHODS`` if empty.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    folder, names = Path(str(output)), list(methods) or list(UNIT_TEST_METHODS)
    table = RunTable(folder / "unit_tests.csv", ["test", "method", "seed"], NUMBERS)
    registry = bag_methods(BagSettings(hidden_dim=HIDDEN, dropout=DROPOUT))
    registry["presence"] = BagMethod(lambda s: PresenceScorer(s.width, PRESENCE_HIDDEN, concepts=2))
    wanted = [(test, name) for test in UNIT_TESTS for name in names]
    for seed in tqdm(_seeds(seeds), unit="seed"):
        for test, name in wanted:
            if not table.has([test, name, seed]):
                draw = unit_test_draw(test, UNIT_TEST_PLAN, seed)
                fit = PRESENCE_FIT if name == "presence" else UNIT_TEST_FIT
                run = run_on_draw(registry[name], draw, fit, seed)
                table.add([test, name, seed], run._asdict())
    head = ["method", *UNIT_TESTS]
    rows, numbers = [], []
    for name in names:
        cells = [name]
        for test in UNIT_TESTS:
            keys = [(test, name, str(seed)) for seed in _seeds(seeds)]
            train, auc = ([table.column(c)[key] for key in keys] for c in ("train_auc", "auc"))
            verdict = unit_test_verdict(float(np.mean(train)), float(np.mean(auc)), high=HIGH)
            cells.append(f"{verdict}: {np.mean(train):.2f}, {seed_mean(auc)}")
            numbers.append({"method": name, "test": test, "verdict": verdict, "auc": auc})
            numbers[-1]["train_auc"] = train
        rows.append(cells)
    _write(folder, "unit_tests", _markdown(head, rows), numbers)


def ucsb(output: str, seeds: int = 5, threads: int = 1) -> None:
    """Ten-fold cross-validation on the UCSB breast cancer benchmark.

    Args:
        output: folder of ``ucsb.csv`` and of the table.
        seeds: repeats, each with folds of its own.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    folder = Path(str(output))
    root = Path(os.environ.get("MONAI_EXT_DATA", "../shared/data"))
    bags, labels = read_benchmark(root / "mil-benchmarks" / "ucsb_breast_cancer.npz")
    table = RunTable(folder / "ucsb.csv", ["method", "seed"], ["pooled_auc", "mean_auc"])
    registry = bag_methods(BagSettings(hidden_dim=UCSB_HIDDEN, dropout=DROPOUT))
    for seed in tqdm(_seeds(seeds), unit="seed"):
        for name in ("mean_min_max", *UCSB_METHODS):
            if table.has([name, seed]):
                continue
            if name == "mean_min_max":
                found = cross_validate_pooled(bags, labels, folds=FOLDS, penalty=0.01, seed=seed)
            else:
                found = cross_validate_bags(
                    registry[name], bags, labels, folds=FOLDS, fit=UCSB_FIT, seed=seed
                )
            numbers = {"pooled_auc": found.pooled_auc, "mean_auc": found.mean_auc}
            table.add([name, seed], numbers)
    rows, numbers = [], []
    for name in ("mean_min_max", *UCSB_METHODS):
        values = [
            [table.column(c)[name, str(seed)] for seed in _seeds(seeds)]
            for c in ("pooled_auc", "mean_auc")
        ]
        rows.append([name, *(f"{np.mean(x):.3f} ({min(x):.3f} to {max(x):.3f})" for x in values)])
        numbers.append({"method": name, "pooled_auc": values[0], "mean_auc": values[1]})
    if not has_grid(bags):
        lengths = [bag.shape[1] for bag in bags]
        why = f"bags have {min(lengths)} to {max(lengths)} of {GRID * GRID} patches, no places"
        rows += [[name, f"left out: {why}", ""] for name in UCSB_LEFT_OUT]
    head = ["method", "pooled AUC, mean of repeats (range)", "mean AUC of folds (range)"]
    _write(folder, "ucsb", _markdown(head, rows), numbers)


def _judged(
    name: str,
    arms: Iterable[Arm],
    claims: Sequence[Claim],
    folder: Path,
    seeds: tuple[int, int],
) -> None:
    """Make the runs that are missing, then hold the claims against them."""
    table = RunTable(folder / "runs.csv", ["task", "arm", "seed"], NUMBERS)
    tasks = planted_tasks(SIZES)
    wanted = [(arm, seed) for arm in arms for seed in _seeds(seeds[arm.is_few_shot])]
    for arm, seed in tqdm(wanted, unit="run"):
        if not table.has([arm.task, arm.name, seed]):
            draw = tasks[arm.task](seed)
            method, fit = arm.prepared(draw)
            run = run_on_draw(method, draw, fit, seed)
            table.add([arm.task, arm.name, seed], run._asdict())
    aucs: dict[tuple[str, str], dict[int, float]] = {}
    reported = {(arm.task, arm.name, str(seed)) for arm, seed in wanted}
    for key, auc in table.column("auc").items():
        if key in reported:
            aucs.setdefault((key[0], key[1]), {})[int(key[2])] = auc
    verdicts = [judge(claim, aucs) for claim in claims]
    rows = []
    for arm in dict.fromkeys((arm.task, arm.name) for arm, _ in wanted):
        keys = [key for key in table.runs if key[:2] == arm and key in reported]
        cells = [[table.column(c)[key] for key in keys] for c in NUMBERS]
        shown = [f"{np.mean(x):.3f}" for x in cells[:3]]
        rows.append([*arm, str(len(keys)), *shown, f"{np.mean(cells[3]):.1f}"])
    head = ["task", "arm", "seeds", "training AUC", "AUC", "tile AUC", "seconds"]
    failed = sum(not found.is_met for found in verdicts)
    told = f"{len(verdicts) - failed} of {len(verdicts)} claims passed, {failed} failed."
    text = f"{verdict_table(verdicts)}\n\n{told}\n\n{_markdown(head, rows)}"
    numbers = [
        {
            "claim": vars(v.claim),
            "ours": v.ours,
            "theirs": v.theirs,
            "gap": v.gap,
            "is_met": v.is_met,
        }
        for v in verdicts
    ]
    _write(folder, name, text, numbers)


def _seeds(count: int) -> range:
    return range(FIRST_SEED, FIRST_SEED + count)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _write(folder: Path, name: str, markdown: str, numbers: object) -> None:
    with write_atomically(folder / f"{name}.md") as path:
        path.write_text(markdown + "\n", encoding="utf-8")
    with write_atomically(folder / f"{name}.json") as path:
        path.write_text(json.dumps(numbers, indent=1), encoding="utf-8")
    print(markdown)


if __name__ == "__main__":
    try:
        fire.Fire(
            {
                "planted": planted,
                "unit_tests": unit_tests,
                "ucsb": ucsb,
                "ablations": ablations,
            }
        )
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
