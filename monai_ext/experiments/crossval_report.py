"""What a cross-validation found: pooled metrics with intervals, each fold, the baseline beside."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from monai_ext.atomic import write_atomically
from monai_ext.experiments.bootstrap import Interval, bootstrap_interval
from monai_ext.experiments.corrected_t import corrected_resampled_t
from monai_ext.experiments.crossval import PREDICTIONS, FoldResult, pooled
from monai_ext.experiments.metrics import classification_metrics
from monai_ext.experiments.results_table import results_table
from monai_ext.outputs import PredictionTable, patient_predictions, write_predictions

REPORTED = ("auc", "balanced_accuracy", "f1")
_BASELINE = "mean pool + logistic"


def write_report(results: Sequence[FoldResult], output: Path | str, name: str, *, seed: int) -> str:
    """Write ``predictions.csv``, ``metrics.csv``, ``summary.json``, ``summary.md``; give the text.

    Folds that together test every slide once are pooled, slides and patients, with intervals from
    a bootstrap over patients. Draws, which test slides again and again, are averaged, each number
    of shots apart. In every case the difference to the baseline has a corrected resampled t
    interval, from five splits on.

    Args:
        results: of ``cross_validate``.
        output: folder of the experiment.
        name: the method's name in the tables.
        seed: of the bootstrap.
    """
    output = Path(output)
    methods = _methods(results, name)
    _write_fold_metrics(output / "metrics.csv", [r.name for r in results], methods)
    if _tests_once(methods[name]):
        table = pooled(methods[name])
        write_predictions(output / PREDICTIONS, table.rows, table.class_names)
        summary = {n: _pooled_metrics(pooled(t), seed) for n, t in methods.items()}
        text = "Pooled out-of-fold, 95 % patient-bootstrap intervals\n"
        difference = _difference(results, methods, name)
    else:
        summary, difference = _summary_of_draws(results, name)
        text = f"Mean over {len(results)} draws\n"
    _write_summary(output, summary, difference)
    return text + results_table(summary) + "\n" + difference


def _methods(results: Sequence[FoldResult], name: str) -> dict[str, list[PredictionTable]]:
    baselines = [r.baseline for r in results if r.baseline is not None]
    ours = {name: [r.bundle for r in results]}
    return ours | ({_BASELINE: baselines} if len(baselines) == len(results) else {})


def _summary_of_draws(
    results: Sequence[FoldResult], name: str
) -> tuple[dict[str, dict[str, Interval | float]], str]:
    """Means and difference, of each number of shots for itself."""
    summary: dict[str, dict[str, Interval | float]] = {}
    differences = []
    shots = list(dict.fromkeys(r.shots for r in results))
    for k in shots:
        group = [r for r in results if r.shots == k]
        methods = _methods(group, name)
        label = "" if len(shots) == 1 else f", {k} shots" if k else ", other splits"
        summary |= {n + label: _mean_metrics(tables) for n, tables in methods.items()}
        line = _difference(group, methods, name)
        differences.append(f"{label[2:]}: {line}" if label and line else line)
    return summary, "".join(differences)


def _tests_once(tables: Sequence[PredictionTable]) -> bool:
    slides = [row.slide for table in tables for row in table.rows]
    return len(slides) == len(set(slides))


def _pooled_metrics(table: PredictionTable, seed: int) -> dict[str, Interval | float]:
    found: dict[str, Interval | float] = {}
    for level, part in (("", table.labelled()), ("patient ", table.labelled())):
        each = patient_predictions(part) if level and _one_label_a_patient(part) else part
        if level and each is part:
            continue
        patients = [row.patient or row.slide for row in each.rows]
        for metric in REPORTED:
            found[level + metric] = bootstrap_interval(
                each.labels(), each.probabilities(), patients, metric=metric, seed=seed
            )
    return found


def _one_label_a_patient(table: PredictionTable) -> bool:
    labels: dict[str, set[str | None]] = {}
    for row in table.rows:
        labels.setdefault(row.patient or row.slide, set()).add(row.label)
    return all(len(found) == 1 for found in labels.values()) and len(labels) < len(table.rows)


def _mean_metrics(tables: Sequence[PredictionTable]) -> dict[str, Interval | float]:
    each = [slide_metrics(table) for table in tables]
    return {metric: mean(row[metric] for row in each) for metric in REPORTED}


def slide_metrics(table: PredictionTable) -> dict[str, float]:
    """Metrics of the slides whose label is known."""
    known = table.labelled()
    return classification_metrics(known.labels(), known.probabilities())


def _difference(
    results: Sequence[FoldResult], methods: dict[str, list[PredictionTable]], name: str
) -> str:
    if _BASELINE not in methods or len(results) < 2:
        return ""
    pairs = zip(methods[name], methods[_BASELINE], strict=True)
    gaps = [slide_metrics(ours)["auc"] - slide_metrics(base)["auc"] for ours, base in pairs]
    n_train, n_test = mean(r.n_train for r in results), mean(r.n_test for r in results)
    if any(gap != gap for gap in gaps):  # noqa: PLR0124  nan: a fold lacks a class
        return "AUC difference to the baseline: a fold lacks a class, no test\n"
    t = corrected_resampled_t(gaps, n_train, n_test)
    return f"AUC difference to {_BASELINE}, mean over {len(gaps)} splits: {t.line()}\n"


def _write_fold_metrics(
    path: Path, names: Sequence[str], methods: dict[str, list[PredictionTable]]
) -> None:
    with write_atomically(path) as partial, partial.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["split", "method", "slides", *REPORTED])
        for method, tables in methods.items():
            for split, table in zip(names, tables, strict=True):
                found = slide_metrics(table)
                row = [f"{found[metric]:.6g}" for metric in REPORTED]
                writer.writerow([split, method, len(table.rows), *row])


def _write_summary(
    output: Path, summary: dict[str, dict[str, Interval | float]], difference: str
) -> None:
    plain = {
        method: {
            metric: value
            if not isinstance(value, Interval)
            else {"estimate": value.estimate, "low": value.low, "high": value.high}
            for metric, value in values.items()
        }
        for method, values in summary.items()
    }
    with write_atomically(output / "summary.json") as path:
        path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
    with write_atomically(output / "summary.md") as path:
        markdown = results_table(summary, style="markdown")
        path.write_text("\n\n".join(filter(None, [markdown, difference.rstrip()])) + "\n", "utf-8")
