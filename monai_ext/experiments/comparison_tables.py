"""A comparison as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monai_ext.atomic import write_atomically
from monai_ext.experiments.comparison import METRICS, Row
from monai_ext.experiments.crossval_record import SplitParts
from monai_ext.experiments.paired_difference import PairedDifference
from monai_ext.experiments.shuffled_labels import Chance

_TITLES = {"auc": "AUC (primary)", "balanced_accuracy": "Balanced accuracy", "f1": "F1"}


@dataclass(frozen=True)
class Comparison:
    """All that is written.

    Attributes:
        reference: name of the method that others are compared with.
        rows: of the methods, see ``compare_methods``.
        chance: of the reference's predictions with labels permuted, by shots, then metric.
        shuffled: rows of the experiment that was trained on shuffled labels; may be empty.
        parts: of each split.
        counts: patients and slides tested.
        folders: of the experiments, by name.
    """

    reference: str
    rows: Sequence[Row]
    chance: Mapping[int | None, Mapping[str, Chance]]
    shuffled: Sequence[Row]
    parts: Mapping[str, SplitParts]
    counts: tuple[int, int]
    folders: Mapping[str, str]

    @property
    def is_draws(self) -> bool:
        """Whether slides are tested more than once."""
        return not all(row.is_folds for row in self.rows)

    @property
    def shots(self) -> list[int | None]:
        """The numbers of shots, in order."""
        return list(dict.fromkeys(part.shots for part in self.parts.values()))


def write_tables(found: Comparison, output: Path) -> str:
    """Write ``compare.md``, ``compare.csv``, ``compare.json`` and ``runs.csv``; give the Markdown.

    Args:
        found: the comparison.
        output: folder.
    """
    text = "\n".join(_markdown(found)) + "\n"
    with write_atomically(output / "compare.md") as path:
        path.write_text(text, encoding="utf-8")
    _write_csv(output / "compare.csv", [*_flat(found), *_flat_chance(found)])
    _write_csv(output / "runs.csv", list(_runs(found)))
    with write_atomically(output / "compare.json") as path:
        path.write_text(json.dumps(_plain(_json(found)), indent=1) + "\n", encoding="utf-8")
    return text


def _markdown(found: Comparison) -> Iterator[str]:
    draws = "draws, which test slides again and again" if found.is_draws else "folds"
    yield f"# Comparison with {found.reference}"
    yield ""
    yield (
        f"{len(found.parts)} splits ({draws}), {found.counts[0]} patients, {found.counts[1]} test "
        "slides, the same for every method. Mean and SD are over splits. p is of the paired "
        f"difference to {found.reference}; p (Holm) is corrected for all comparisons of the table."
    )
    for metric in METRICS:
        yield from ["", f"## {_TITLES[metric]}", ""]
        yield from _table(list(_metric_table(found, metric)))
    yield from ["", *_notes(found)]
    if found.is_draws:
        yield from ["", "## By the corrected resampled t, and by the plain bootstrap", ""]
        yield "For few-shot draws this t hardly ever rejects equal methods, but is far too wide; "
        yield "the bootstrap leaves out that draws share training patients, and is too narrow."
        yield ""
        yield from _table(list(_second_table(found)))
    yield from ["", "## Every run: AUC", ""]
    yield from _table(list(_run_table(found)))


def _metric_table(found: Comparison, metric: str) -> Iterator[list[str]]:
    about = "95 % interval" if found.is_draws else "pooled, 95 % interval"
    yield ["method", "mean", "SD", about, "difference", "95 % interval", "p", "p (Holm)"]
    for shots in found.shots:
        for row in found.rows:
            if row.metric == metric and row.shots == shots:
                cells = [_name(row.method, shots), _number(row.mean), _number(row.sd)]
                yield [*cells, _interval(row), *_difference_cells(row)]
        of = found.chance[shots][metric]
        cells = [_number(of.mean), _number(of.sd), _range(of.low, of.high)]
        yield [_name(f"labels permuted ({found.reference})", shots), *cells, "", "", "", ""]
    for row in found.shuffled:
        if row.metric == metric:
            cells = [_number(row.mean), _number(row.sd), _interval(row)]
            yield [_name(row.method, row.shots), *cells, "", "", "", ""]


def _interval(row: Row) -> str:
    pooled = f"{_number(row.estimate)}, " if row.is_folds else ""
    return pooled + _range(*row.interval)


def _difference_cells(row: Row) -> list[str]:
    if row.difference is None:
        return ["reference", "", "", ""]
    verdict = row.difference.verdict
    if verdict is None or row.p_holm is None:
        return [_signed(row.difference.mean), "too few splits", "", ""]
    interval = _range(verdict.low, verdict.high, signed=True)
    return [_signed(verdict.mean), interval, _p(verdict.p), _p(row.p_holm)]


def _second_table(found: Comparison) -> Iterator[list[str]]:
    yield ["method, AUC", "bootstrap 95 %", "difference", "corrected t 95 %", "p", "p (Holm)"]
    for row in found.rows:
        if row.metric == METRICS[0]:
            cells = [_name(row.method, row.shots), _range(row.bootstrap.low, row.bootstrap.high)]
            t = row.difference.corrected if row.difference else None
            if t is None or row.corrected_p_holm is None:
                yield [*cells, "", "", "", ""]
                continue
            interval = _range(t.low, t.high, signed=True)
            yield [*cells, _signed(t.mean), interval, _p(t.p), _p(row.corrected_p_holm)]


def _notes(found: Comparison) -> Iterator[str]:
    kinds = {(row.is_folds, row.jackknife is not None) for row in found.rows}
    if (True, False) in kinds:
        yield (
            "Intervals of folds: a bootstrap over patients of the pooled out-of-fold predictions "
            "(it leaves out that another cohort would have trained other models)."
        )
    if (False, True) in kinds:
        yield (
            "Intervals of means over draws: patient jackknife, which takes shared patients in "
            "training and test into account."
        )
    if (False, False) in kinds:
        yield (
            "Intervals of means over draws: a bootstrap of draws and patients (too few patients, "
            "or one that is always trained on, for the jackknife); they are too short."
        )
    procedures = dict.fromkeys(
        row.difference.procedure for row in found.rows if row.difference and row.difference.verdict
    )
    if procedures:
        yield f"p and intervals of differences: {' and '.join(procedures)}, two-sided."
    of = found.chance[found.shots[0]][METRICS[0]]
    yield (
        f"Labels permuted: the predictions of {found.reference} against labels permuted over "
        f"patients, {of.permutations} times; the interval holds 95 % of them."
    )


def _run_table(found: Comparison) -> Iterator[list[str]]:
    rows = [row for row in found.rows if row.metric == METRICS[0]]
    methods = list(dict.fromkeys(row.method for row in rows))
    yield ["split", *methods]
    for shots in found.shots:
        names = [name for name, part in found.parts.items() if part.shots == shots]
        scores = {row.method: row.scores for row in rows if row.shots == shots}
        for k, name in enumerate(names):
            yield [name, *(_number(scores[method][k]) for method in methods)]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], f"| {' | '.join(['---'] * len(rows[0]))} |", *lines[1:]]


def _runs(found: Comparison) -> Iterator[dict[str, Any]]:
    for shots in found.shots:
        names = [name for name, part in found.parts.items() if part.shots == shots]
        methods = dict.fromkeys(row.method for row in found.rows)
        for k, name in enumerate(names):
            for method in methods:
                each = {
                    row.metric: row.scores[k]
                    for row in found.rows
                    if row.method == method and row.shots == shots
                }
                yield {"split": name, "shots": shots, "method": method, **each}


def _flat(found: Comparison) -> Iterator[dict[str, Any]]:
    for row in [*found.rows, *found.shuffled]:
        low, high = row.interval
        yield {
            "method": row.method,
            "shots": row.shots,
            "metric": row.metric,
            "kind": "folds" if row.is_folds else "draws",
            "splits": len(row.scores),
            "mean": row.mean,
            "sd": row.sd,
            "estimate": row.estimate,
            "low": low,
            "high": high,
            "bootstrap_low": row.bootstrap.low,
            "bootstrap_high": row.bootstrap.high,
            **_flat_difference(row.difference),
            "p_holm": row.p_holm,
            "corrected_t_p_holm": row.corrected_p_holm,
        }


def _flat_difference(difference: PairedDifference | None) -> dict[str, Any]:
    if difference is None:
        return {}
    verdict, corrected = difference.verdict, difference.corrected
    cells: dict[str, Any] = {"difference": difference.mean, "procedure": difference.procedure}
    for prefix, result in (("", verdict), ("corrected_t_", corrected)):
        for key, name in (("low", "difference_low"), ("high", "difference_high"), ("p", "p")):
            cells[prefix + name] = None if result is None else getattr(result, key)
    return cells


def _flat_chance(found: Comparison) -> Iterator[dict[str, Any]]:
    for shots, by_metric in found.chance.items():
        for metric, of in by_metric.items():
            cells = {"mean": of.mean, "sd": of.sd, "low": of.low, "high": of.high}
            name = f"labels permuted ({found.reference})"
            yield {"method": name, "shots": shots, "metric": metric, **cells}


def _json(found: Comparison) -> dict[str, Any]:
    return {
        "reference": found.reference,
        "folders": dict(found.folders),
        "patients": found.counts[0],
        "test_slides": found.counts[1],
        "splits": {name: part.split_hash for name, part in found.parts.items()},
        "rows": [
            {**asdict(row), "procedure": row.difference.procedure if row.difference else None}
            for row in found.rows
        ],
        "shuffled": [asdict(row) for row in found.shuffled],
        "chance": [
            {"shots": shots, "metric": metric, **asdict(of)}
            for shots, by_metric in found.chance.items()
            for metric, of in by_metric.items()
        ],
        "runs": list(_runs(found)),
    }


def _plain(value: Any) -> Any:
    """JSON has no nan and no infinity."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with write_atomically(path) as partial, partial.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, names, lineterminator="\n", restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def _name(method: str, shots: int | None) -> str:
    return method if shots is None else f"{method}, {shots} shot{'s' if shots > 1 else ''}"


def _number(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:.3f}"


def _signed(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:+.3f}"


def _range(low: float, high: float, *, signed: bool = False) -> str:
    show = _signed if signed else _number
    return f"{show(low)} to {show(high)}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
