"""Every fold or draw of a bundle as one run in this process, and what they say together."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.data import load_datalist
from monai_ext.errors import SettingError
from monai_ext.experiments.baseline import mean_pool_logistic
from monai_ext.experiments.bundle_run import EVALUATE, TRAIN, find_bundle, run_bundle
from monai_ext.experiments.split_files import split_files
from monai_ext.hashing import json_hash
from monai_ext.outputs import (
    Prediction,
    PredictionTable,
    prediction_table,
    read_predictions,
    write_predictions,
)

PREDICTIONS, BASELINE, SETTINGS = "predictions.csv", "baseline.csv", "crossval.json"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoldResult:
    """Test predictions of one split, by the bundle and by the baseline.

    Attributes:
        name: the split file's stem.
        bundle: the bundle's predictions on the test part.
        baseline: mean pooling and logistic regression on the same parts, or ``None``.
        n_train: training patients.
        n_test: test patients.
    """

    name: str
    bundle: PredictionTable
    baseline: PredictionTable | None
    n_train: int
    n_test: int


def cross_validate(
    bundle: str | Path,
    splits: str | Path,
    output: str | Path,
    *,
    baseline_c: float | None,
    overrides: dict[str, Any] | None = None,
) -> list[FoldResult]:
    """Train and test a bundle on every split of a folder; finished ones are not done again.

    Each split is one run folder ``output/<split>`` (an interrupted one is taken up), tested with
    its best checkpoint. No choice is made on test data: the checkpoint is chosen on the split's
    own validation part, or is the last one where there is none.

    Args:
        bundle: name or folder.
        splits: folder of datalists.
        output: folder of the experiment.
        baseline_c: C of the mean-pool logistic baseline; ``None`` leaves it out.
        overrides: config ids of the bundle.

    Returns:
        One result a split, in natural order.

    Raises:
        SettingError: if ``output`` holds an experiment with other settings.
        SystemExit: where a run of the bundle ends in a plain error.
    """
    folder, files = find_bundle(bundle), split_files(splits)
    output, overrides = make_folder(output), dict(overrides or {})
    _same_settings(output, folder.name, files, overrides)
    results = []
    for path in tqdm(files, desc=folder.name, unit="split", disable=None):
        _train_and_test(folder, path, output / path.stem, overrides)
        results.append(_fold_result(path, output / path.stem, baseline_c))
    return results


def _train_and_test(bundle: Path, split: Path, run: Path, overrides: dict[str, Any]) -> None:
    if (run / PREDICTIONS).exists():
        _logger.info("%s is done", run)
        return
    values = {**overrides, "datalist": str(split), "output_dir": str(run)}
    run_bundle(bundle, [TRAIN], workflow_type="train", **values, resume=True)
    run_bundle(bundle, [TRAIN, EVALUATE], workflow_type="train", **values)


def _fold_result(split: Path, run: Path, baseline_c: float | None) -> FoldResult:
    datalist = load_datalist(split)
    table = read_predictions(run / PREDICTIONS)
    baseline = None
    if baseline_c is not None:
        baseline = _cached(
            run / BASELINE,
            datalist.class_names,
            lambda: mean_pool_logistic(datalist, c=baseline_c),
        )
    patients = [{item["patient"] for item in part} for part in (datalist.training, datalist.test)]
    return FoldResult(split.stem, table, baseline, len(patients[0]), len(patients[1]))


def _cached(
    path: Path, class_names: Sequence[str], make: Callable[[], Sequence[Prediction]]
) -> PredictionTable:
    if not path.exists():
        write_predictions(path, make(), class_names)
    return read_predictions(path)


def _same_settings(output: Path, bundle: str, files: list[Path], overrides: dict[str, Any]) -> None:
    splits = {path.stem: load_datalist(path).split_hash for path in files}
    settings = {"bundle": bundle, "overrides": overrides, "splits": splits}
    path = output / SETTINGS
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        if json_hash(before) != json_hash(settings):
            changed = sorted(key for key in settings if before.get(key) != settings[key])
            raise SettingError(
                f"{output} holds an experiment with other {', '.join(changed)}",
                "one folder holds one experiment",
                "give another --output, or the settings in " + str(path),
            )
        return
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def pooled(tables: Sequence[PredictionTable]) -> PredictionTable:
    """Out-of-fold predictions of all splits as one table.

    Raises:
        CohortError: if a slide was tested twice, as in draws, which are not pooled.
    """
    return prediction_table([row for t in tables for row in t.rows], tables[0].class_names)
