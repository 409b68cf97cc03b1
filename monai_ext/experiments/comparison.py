"""Methods on the same splits: means, intervals, paired differences, corrected together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monai_ext.experiments.bootstrap import Interval, bootstrap_interval
from monai_ext.experiments.crossval import pooled
from monai_ext.experiments.crossval_record import SplitParts
from monai_ext.experiments.holm import holm
from monai_ext.experiments.metrics import Array
from monai_ext.experiments.nested_bootstrap import nested_bootstrap_interval
from monai_ext.experiments.paired_difference import Design, PairedDifference, paired_difference
from monai_ext.experiments.patient_jackknife import (
    JackknifeT,
    patient_jackknife,
    share_interval,
)
from monai_ext.experiments.patient_scores import (
    Cases,
    cases_of,
    leave_one_out_weights,
    weighted_scores,
)
from monai_ext.outputs import PredictionTable

METRICS = ("auc", "balanced_accuracy", "f1")
"""What is compared; the first is primary."""


@dataclass(frozen=True)
class Row:
    """One method, one number of shots, one metric.

    Attributes:
        method: its name.
        shots: slides a class of few-shot draws, else None.
        is_folds: whether every patient is tested once at most: folds, not draws.
        metric: one of ``METRICS``.
        scores: of each split.
        mean: over the splits.
        sd: over the splits.
        bootstrap: over patients: of the pooled predictions of folds (its estimate is the pooled
            metric), of draws over draws and patients.
        jackknife: of the mean over draws; None for folds, and where it cannot be had.
        difference: to the reference; None for the reference itself.
        p_holm: of the difference's verdict, Holm over all comparisons in this metric.
        corrected_p_holm: the same of the corrected resampled t.
    """

    method: str
    shots: int | None
    is_folds: bool
    metric: str
    scores: tuple[float, ...]
    mean: float
    sd: float
    bootstrap: Interval
    jackknife: JackknifeT | None
    difference: PairedDifference | None
    p_holm: float | None = None
    corrected_p_holm: float | None = None

    @property
    def estimate(self) -> float:
        """What the interval is about: the mean over draws, or the pooled folds."""
        return self.bootstrap.estimate if self.is_folds else self.mean

    @property
    def interval(self) -> tuple[float, float]:
        """The interval to read: of draws the jackknife's, for it has the training patients."""
        if self.jackknife is not None:
            return share_interval(self.jackknife)
        return self.bootstrap.low, self.bootstrap.high


@dataclass(frozen=True)
class Resampling:
    """Numbers of the bootstrap.

    Attributes:
        seed: of all resamples.
        resamples: how many.
        confidence: nominal coverage of every interval.
    """

    seed: int
    resamples: int = 2000
    confidence: float = 0.95


def compare_methods(
    methods: Mapping[str, Mapping[str, PredictionTable]],
    parts: Mapping[str, SplitParts],
    *,
    reference: str,
    resampling: Resampling,
) -> list[Row]:
    """Compare methods with a reference, each number of shots for itself.

    Args:
        methods: by name, then by split: predictions of the same slides.
        parts: of each split.
        reference: one of the names.
        resampling: numbers of the bootstrap.

    Returns:
        Rows by metric, then shots, then method in the order given.

    Raises:
        SettingError: where a metric is undefined on a split.
    """
    patients = sorted(
        {name for p in parts.values() for name in (*p.training, *p.validation, *p.test)}
        | {r.patient or r.slide for t in methods[reference].values() for r in t.rows}
    )
    rows = []
    for metric in METRICS:
        found: list[Row] = []
        for shots in dict.fromkeys(part.shots for part in parts.values()):
            names = [name for name, part in parts.items() if part.shots == shots]
            tables = {m: [of_split[n] for n in names] for m, of_split in methods.items()}
            design = _design([parts[n] for n in names], tables[reference], patients)
            found += _rows(tables, design, patients, reference, (shots, metric), resampling)
        rows += _with_holm(found)
    return rows


def single_rows(
    name: str,
    tables: Mapping[str, PredictionTable],
    parts: Mapping[str, SplitParts],
    resampling: Resampling,
) -> list[Row]:
    """Rows of one method alone, for one whose splits are its own."""
    return compare_methods({name: tables}, parts, reference=name, resampling=resampling)


def _design(
    parts: Sequence[SplitParts], tables: Sequence[PredictionTable], patients: Sequence[str]
) -> Design:
    def members(names: set[str]) -> np.ndarray:
        return np.array([patient in names for patient in patients])

    return Design(
        np.stack([members({*p.training, *p.validation}) for p in parts]),
        np.stack([members({row.patient or row.slide for row in t.rows}) for t in tables]),
    )


def _rows(
    tables: Mapping[str, Sequence[PredictionTable]],
    design: Design,
    patients: Sequence[str],
    reference: str,
    of: tuple[int | None, str],
    resampling: Resampling,
) -> Iterator[Row]:
    shots, metric = of
    weights = np.ones((1, len(patients)))
    if not design.is_folds:
        weights = leave_one_out_weights(len(patients))
    cases = {name: [cases_of(t, patients) for t in each] for name, each in tables.items()}
    scores = {name: weighted_scores(each, weights, metric) for name, each in cases.items()}
    confidence = resampling.confidence
    for name, score in scores.items():
        whole, difference, jackknife = score[:, 0], None, None
        if name != reference:
            difference = paired_difference(score, scores[reference], design, confidence=confidence)
        if not design.is_folds:
            jackknife = patient_jackknife(score, design.trained, confidence=confidence)
        yield Row(
            name,
            shots,
            design.is_folds,
            metric,
            tuple(whole.tolist()),
            float(whole.mean()),
            float(whole.std(ddof=1)) if len(whole) > 1 else float("nan"),
            _bootstrap(tables[name], cases[name], design, metric, resampling),
            jackknife,
            difference,
        )


def _bootstrap(
    tables: Sequence[PredictionTable],
    cases: Sequence[Cases],
    design: Design,
    metric: str,
    resampling: Resampling,
) -> Interval:
    numbers = {
        "metric": metric,
        "seed": resampling.seed,
        "resamples": resampling.resamples,
        "confidence": resampling.confidence,
    }
    if not design.is_folds:
        return nested_bootstrap_interval(cases, design.tested.shape[1], **numbers)
    table = pooled(tables)
    names = [row.patient or row.slide for row in table.rows]
    probabilities: Array = table.probabilities()
    return bootstrap_interval(table.labels(), probabilities, names, **numbers)


def _with_holm(rows: Sequence[Row]) -> list[Row]:
    """Holm over all comparisons of one metric, for the verdict and for the corrected t."""
    tested = [r.difference for r in rows if r.difference and r.difference.verdict]
    verdicts = iter(holm([d.verdict.p for d in tested if d.verdict]))
    corrected = iter(holm([d.corrected.p for d in tested if d.corrected]))
    return [
        replace(row, p_holm=next(verdicts), corrected_p_holm=next(corrected))
        if row.difference and row.difference.verdict
        else row
        for row in rows
    ]
