"""The ``tune`` command: the same number of trials for every method, on validation parts only."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.data import Datalist
from monai_ext.data.blind_datalist import write_blind_datalist
from monai_ext.errors import CohortError, SettingError
from monai_ext.experiments.bundle_run import TRAIN, find_bundle, require_known_ids, run_bundle
from monai_ext.experiments.crossval_record import claim, record_settings
from monai_ext.experiments.search_space import SearchSpace
from monai_ext.experiments.split_files import split_files
from monai_ext.experiments.trial_score import (
    TrialScore,
    mean_score,
    read_score,
    score_run,
    write_score,
)
from monai_ext.experiments.tuned_settings import choice_hash

METRICS = ("val_auc", "val_loss")
_WEIGHTS = ("last.pt", "model.pt")


@dataclass(frozen=True)
class Budget:
    """How much is tried, and what decides.

    Attributes:
        trials: the same for each method.
        seed: of the draw of the trials.
        metric: ``val_auc`` (equal ones by the loss) or ``val_loss``.
    """

    trials: int
    seed: int = 0
    metric: str = "val_auc"

    def __post_init__(self) -> None:
        if self.trials < 1 or self.metric not in METRICS:
            raise SettingError(
                f"trials={self.trials}, metric={self.metric}",
                f"there is a trial, and the metric is {' or '.join(METRICS)}",
                "--trials 12 --metric val_auc",
            )


def tune(
    bundle: str | Path,
    splits: str | Path,
    output: str | Path,
    *,
    space: SearchSpace,
    budget: Budget,
    overrides: Mapping[str, Any] | None = None,
) -> str:
    """Train every trial on every split and keep what was best on the validation parts.

    Trials run on copies of the splits that have no test part, so that nothing of it can be read.
    Finished trials are not redone; of each only its metrics are kept, not its weights.

    Args:
        bundle: name or folder.
        splits: folder of datalists with a validation part each.
        output: folder for ``trials.csv``, ``best.json`` and the runs.
        space: what is tried.
        budget: how much of it.
        overrides: config ids that are the same in every trial.

    Returns:
        The best settings and the table of trials.

    Raises:
        CohortError: if a split has no validation part.
        SettingError: for ids that the bundle does not have, if ``output`` holds another search,
            if no trial has a finite score, or another process is still at some.
        SystemExit: where a run of the bundle ends in a plain error.
    """
    folder, files, output = find_bundle(bundle), split_files(splits), make_folder(output)
    overrides = dict(overrides or {})
    require_known_ids(folder, [*space.values, *overrides])
    lists = {path.stem: write_blind_datalist(path, output / "splits" / path.name) for path in files}
    _require_validation(lists, splits)
    trials = space.trials(budget.trials, budget.seed)
    record_settings(
        output / "tune.json",
        {
            "bundle": folder.name,
            "space": space.as_dict(),
            "trials": budget.trials,
            "seed": budget.seed,
            "metric": budget.metric,
            "overrides": overrides,
            "splits": {name: choice_hash(each) for name, each in lists.items()},
        },
    )
    work = [(k, settings, name) for k, settings in enumerate(trials) for name in lists]
    for k, settings, name in tqdm(work, desc=f"{folder.name}, trials", disable=None):
        with claim(output, f"trial{k:02d}_{name}") as is_ours:
            if is_ours:
                _run(folder, lists[name], _folder(output, k, name), {**overrides, **settings})
    return _report(folder.name, output, lists, trials, overrides, budget.metric)


def _run(bundle: Path, datalist: Datalist, run: Path, overrides: dict[str, Any]) -> None:
    if read_score(run) is None:
        values = {**overrides, "datalist": str(datalist.path), "output_dir": str(run)}
        run_bundle(bundle, [TRAIN], workflow_type="train", **values, resume=True)
        write_score(run, score_run(run))
    for name in _WEIGHTS:
        (run / name).unlink(missing_ok=True)


def _folder(output: Path, trial: int, split: str) -> Path:
    return output / f"trial{trial:02d}" / split


def _require_validation(lists: Mapping[str, Datalist], splits: str | Path) -> None:
    without = [name for name, each in lists.items() if not each.validation]
    if without:
        raise CohortError(
            f"{len(without)} of {len(lists)} splits in {splits} have no validation part: "
            + ", ".join(without[:3])
            + (" ..." if len(without) > 3 else ""),
            "settings are chosen on validation parts, never on test parts",
            "tune on folds (split --folds 5), or on draws (split --shots 4 --validation 4)",
        )


def _report(
    bundle: str,
    output: Path,
    lists: Mapping[str, Datalist],
    trials: Sequence[dict[str, Any]],
    overrides: Mapping[str, Any],
    metric: str,
) -> str:
    each = {
        name: [read_score(_folder(output, k, name)) for k in range(len(trials))] for name in lists
    }
    missing = [
        f"trial{k:02d}/{n}" for n, s in each.items() for k, one in enumerate(s) if one is None
    ]
    if missing:
        raise SettingError(
            f"{len(missing)} runs are missing: {', '.join(missing[:3])}",
            "the best of all trials is chosen when all are done",
            "wait for the process that is at them, and run tune again",
        )
    scores = {name: [one for one in s if one is not None] for name, s in each.items()}
    means = [mean_score([s[k] for s in scores.values()]) for k in range(len(trials))]
    chosen = _best(means, metric)
    by_split = {name: _best(s, metric) for name, s in scores.items()}
    _write_trials(output / "trials.csv", trials, means, scores)
    _write_json(
        output / "best.json",
        {
            "bundle": bundle,
            "settings": {**overrides, **trials[chosen]},
            "by_split": {
                choice_hash(lists[name]): {**overrides, **trials[k]} for name, k in by_split.items()
            },
            "metric": metric,
            "trial": chosen,
            "trials": len(trials),
            "score": getattr(means[chosen], metric),
            "splits": {
                name: {"trial": k, "score": getattr(scores[name][k], metric)}
                for name, k in by_split.items()
            },
        },
    )
    words = ", ".join(f"{name}={value}" for name, value in trials[chosen].items())
    return (
        f"Best of {len(trials)} trials on {len(lists)} validation parts: {words} "
        f"({metric} {getattr(means[chosen], metric):.3f})\n{output / 'trials.csv'}\n"
        f"{output / 'best.json'}: crossval --settings"
    )


def _best(scores: Sequence[TrialScore], metric: str) -> int:
    best = min(range(len(scores)), key=lambda k: scores[k].order(metric))
    if scores[best].epoch == 0:
        raise SettingError(
            "no trial has a finite validation loss",
            "training must work for a choice to be made",
            "try smaller learning rates in --space",
        )
    return best


def _write_trials(
    path: Path,
    trials: Sequence[Mapping[str, Any]],
    means: Sequence[TrialScore],
    scores: Mapping[str, Sequence[TrialScore]],
) -> None:
    with write_atomically(path) as partial, partial.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        of_splits = [f"{metric} {name}" for name in scores for metric in METRICS]
        writer.writerow(["trial", *trials[0], *METRICS, *of_splits])
        for k, (settings, score) in enumerate(zip(trials, means, strict=True)):
            own = [f"{getattr(s[k], metric):.6g}" for s in scores.values() for metric in METRICS]
            mean = [f"{getattr(score, metric):.6g}" for metric in METRICS]
            writer.writerow([k, *settings.values(), *mean, *own])


def _write_json(path: Path, content: object) -> None:
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
