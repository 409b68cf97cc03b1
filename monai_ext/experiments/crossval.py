"""Every fold or draw of a bundle as one run in this process, and what they say together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from monai_ext.atomic import make_folder
from monai_ext.data import Datalist, load_datalist
from monai_ext.experiments.baseline import mean_pool_logistic
from monai_ext.experiments.bundle_run import (
    EVALUATE,
    TRAIN,
    find_bundle,
    require_known_ids,
    run_bundle,
)
from monai_ext.experiments.crossval_record import (
    SplitParts,
    claim,
    record_experiment,
    split_parts,
)
from monai_ext.experiments.shard import Shard
from monai_ext.experiments.split_files import split_files
from monai_ext.experiments.tuned_settings import TunedSettings
from monai_ext.outputs import (
    Prediction,
    PredictionTable,
    prediction_table,
    read_predictions,
    write_predictions,
)

PREDICTIONS, BASELINE = "predictions.csv", "baseline.csv"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoldResult:
    """Test predictions of one split, by the bundle and by the baseline.

    Attributes:
        name: the split file's stem.
        bundle: the bundle's predictions on the test part.
        baseline: mean pooling and logistic regression on the same parts, or ``None``.
        n_train: patients of the experiment that this split does not test.
        n_test: test patients.
        shots: slides a class of a few-shot draw, else ``None``.
    """

    name: str
    bundle: PredictionTable
    baseline: PredictionTable | None
    n_train: int
    n_test: int
    shots: int | None = None


def cross_validate(
    bundle: str | Path,
    splits: str | Path,
    output: str | Path,
    *,
    baseline_c: float | None,
    overrides: dict[str, Any] | None = None,
    tuned: TunedSettings | None = None,
    shard: Shard | None = None,
) -> list[FoldResult]:
    """Train and test a bundle on every split of a folder; finished ones are not done again.

    Each split is one run folder ``output/<split>`` (an interrupted one is taken up), tested with
    its best checkpoint. No choice is made on test data: the checkpoint is chosen on the split's
    own validation part, or is the last one where there is none. Several processes may work in
    one folder: a split that another one has begun is left to it.

    Args:
        bundle: name or folder.
        splits: folder of datalists.
        output: folder of the experiment.
        baseline_c: C of the mean-pool logistic baseline; ``None`` leaves it out.
        overrides: config ids of the bundle; they win over tuned ones.
        tuned: settings that ``tune`` chose.
        shard: which splits to do; all where ``None``.

    Returns:
        One result a finished split, in natural order, also of other shards.

    Raises:
        SettingError: if ``output`` holds an experiment with other settings, or the bundle has no
            such config id.
        CohortError: if a split has no test part.
        SystemExit: where a run of the bundle ends in a plain error.
    """
    folder, files = find_bundle(bundle), split_files(splits)
    output, overrides = make_folder(output), dict(overrides or {})
    require_known_ids(folder, overrides)
    datalists = {path.stem: load_datalist(path) for path in files}
    settings = {"bundle": folder.name, "overrides": overrides}
    if tuned is not None:
        settings["tuned"] = tuned.require_bundle(folder.name).as_dict()
    parts = {name: split_parts(each) for name, each in datalists.items()}
    record_experiment(output, settings, parts)
    mine = shard.pick(files) if shard else files
    for path in tqdm(mine, desc=folder.name, unit="split", disable=None):
        chosen = tuned.of_split(datalists[path.stem]) if tuned else {}
        with claim(output, path.stem) as is_ours:
            if is_ours:
                _baseline(output / path.stem, datalists[path.stem], baseline_c)
                _train_and_test(folder, path, output / path.stem, {**chosen, **overrides})
    return finished_splits(datalists, output, baseline_c=baseline_c)


def finished_splits(
    datalists: Mapping[str, Datalist], output: Path, *, baseline_c: float | None
) -> list[FoldResult]:
    """Results of the splits that are done, in order.

    Args:
        datalists: of all splits, by name.
        output: folder of the experiment.
        baseline_c: see ``cross_validate``.
    """
    parts = {name: split_parts(each) for name, each in datalists.items()}
    return [
        FoldResult(
            name,
            read_predictions(output / name / PREDICTIONS),
            _baseline(output / name, datalist, baseline_c),
            len(_patients(parts.values()) - set(parts[name].test)),
            len(parts[name].test),
            parts[name].shots,
        )
        for name, datalist in datalists.items()
        if (output / name / PREDICTIONS).exists()
    ]


def _patients(parts: Iterable[SplitParts]) -> set[str]:
    return {name for part in parts for name in (*part.training, *part.validation, *part.test)}


def _train_and_test(bundle: Path, split: Path, run: Path, overrides: dict[str, Any]) -> None:
    if (run / PREDICTIONS).exists():
        _logger.info("%s is done", run)
        return
    values = {**overrides, "datalist": str(split), "output_dir": str(run)}
    run_bundle(bundle, [TRAIN], workflow_type="train", **values, resume=True)
    run_bundle(bundle, [TRAIN, EVALUATE], workflow_type="train", **values)


def _baseline(run: Path, datalist: Datalist, c: float | None) -> PredictionTable | None:
    if c is None:
        return None
    return _cached(run / BASELINE, datalist.class_names, lambda: mean_pool_logistic(datalist, c=c))


def _cached(
    path: Path, class_names: Sequence[str], make: Callable[[], Sequence[Prediction]]
) -> PredictionTable:
    if not path.exists():
        write_predictions(path, make(), class_names)
    return read_predictions(path)


def pooled(tables: Sequence[PredictionTable]) -> PredictionTable:
    """Out-of-fold predictions of all splits as one table.

    Raises:
        CohortError: if a slide was tested twice, as in draws, which are not pooled.
    """
    return prediction_table([row for t in tables for row in t.rows], tables[0].class_names)
