"""Do the texts of a method carry meaning? The same method with texts that should not work."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from tqdm import tqdm

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.data import TEXT_CONTROLS
from monai_ext.experiments.bootstrap import Interval
from monai_ext.experiments.bundle_run import EVALUATE, TRAIN, run_bundle
from monai_ext.experiments.crossval import PREDICTIONS, cross_validate
from monai_ext.experiments.crossval_report import slide_metrics
from monai_ext.experiments.results_table import results_table
from monai_ext.experiments.split_files import split_files
from monai_ext.outputs import read_predictions

BUNDLE = "pathology_libra_mil_classification"
_DRAWN = ("shuffled", "random")
_AT_TEST, _RETRAINED = "AUC, texts changed at test", "AUC, trained with them"
_logger = logging.getLogger(__name__)


def text_controls(
    splits: Path | str,
    output: Path | str,
    *,
    text: Path | str,
    paraphrased: Path | str | None = None,
    draws: int = 20,
    is_retrained: bool = True,
    bundle: Path | str = BUNDLE,
    overrides: Mapping[str, Any] | None = None,
) -> str:
    """Train with the texts, then test with other ones; and train with other ones.

    Two questions. *Texts changed at test*: does the trained network act on what the texts say?
    Exchanged class texts should turn its answers round, texts in a shuffled order of coordinates
    or of no content should be worth nothing on average, paraphrases should change little. For that
    both text banks are frozen in training (unless overridden, which ends the run in a plain
    error): a trained bank is no longer the text's. *Trained with them*: does the meaning help
    learning? A network that learns as well from shuffled texts took no knowledge out of them.

    One draw of ``shuffled`` or ``random`` may be right or wrong by chance throughout, in
    particular with two classes, so their row is the mean over draws.

    Args:
        splits: folder of datalists.
        output: folder of the experiment; what is finished is not done again.
        text: embedded texts.
        paraphrased: the same in other words; without, that control is left out.
        draws: of ``shuffled`` and ``random``, at test.
        is_retrained: answer the second question too.
        bundle: name or folder.
        overrides: config ids of the bundle.

    Returns:
        The table; also in ``text_controls.md`` and, split by split, in ``text_controls.csv``.
        Numbers are means over splits; in brackets, for drawn controls, mean -+ 2 standard errors
        over draws.
    """
    output, files = make_folder(output), split_files(splits)
    base = {
        "freeze_text_bank": True,
        "freeze_bag_query": True,
        **(overrides or {}),
        "text": str(text),
    }
    controls = [name for name in TEXT_CONTROLS if name != "paraphrased" or paraphrased]
    if paraphrased:
        base["paraphrased_text"] = str(paraphrased)
    rows: dict[tuple[str, str, int], list[float]] = {}
    for control in controls if is_retrained else controls[:1]:
        values = base | ({} if control == "none" else {"text_control": control})
        found = cross_validate(bundle, splits, output / control, baseline_c=None, overrides=values)
        rows[_RETRAINED, control, 0] = [slide_metrics(each.bundle)["auc"] for each in found]
    rows[_AT_TEST, "none", 0] = rows[_RETRAINED, "none", 0]
    jobs = [(c, k) for c in controls[1:] for k in range(draws if c in _DRAWN else 1)]
    for control, draw in tqdm(jobs, desc="texts changed at test", disable=None):
        values = base | {"text_control": control, "text_control_seed": draw}
        rows[_AT_TEST, control, draw] = [
            _tested(bundle, path, output, f"{control}{draw}", values) for path in files
        ]
    _write_rows(output / "text_controls.csv", [path.stem for path in files], rows)
    table = _summary(controls, rows)
    with write_atomically(output / "text_controls.md") as partial:
        partial.write_text(results_table(table, style="markdown") + "\n", encoding="utf-8")
    return results_table(table)


def _tested(
    bundle: Path | str, split: Path, output: Path, name: str, values: Mapping[str, Any]
) -> float:
    """AUC of the run that was trained with the texts, tested with other ones."""
    run = output / "at_test" / name / split.stem
    if not (run / PREDICTIONS).exists():
        trained = output / "none" / split.stem / "model.pt"
        places = {"datalist": str(split), "output_dir": str(run), "ckpt_path": str(trained)}
        run_bundle(bundle, [TRAIN, EVALUATE], workflow_type="train", **{**values, **places})
    return slide_metrics(read_predictions(run / PREDICTIONS))["auc"]


def _summary(
    controls: Sequence[str], rows: Mapping[tuple[str, str, int], Sequence[float]]
) -> dict[str, dict[str, Interval | float]]:
    found: dict[str, dict[str, Interval | float]] = {}
    for control in controls:
        found[control] = {}
        for column in (_AT_TEST, _RETRAINED):
            values = [
                mean(v)
                for (where, name, _), v in rows.items()
                if (where, name) == (column, control)
            ]
            found[control][column] = _over_draws(values)
    return found


def _over_draws(values: Sequence[float]) -> Interval | float:
    if len(values) < 2:
        return values[0] if values else nan
    middle, reach = mean(values), 2 * stdev(values) / len(values) ** 0.5
    return Interval(middle, middle - reach, middle + reach, 0.95, len(values), 0)


def _write_rows(
    path: Path, splits: Sequence[str], rows: Mapping[tuple[str, str, int], Sequence[float]]
) -> None:
    with write_atomically(path) as partial, partial.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["texts", "control", "draw", "split", "auc"])
        for (column, control, draw), values in rows.items():
            where = "at test" if column == _AT_TEST else "in training"
            for split, value in zip(splits, values, strict=True):
                writer.writerow([where, control, draw, split, f"{value:.6g}"])
