"""Handler that writes what a table of segmentation scores says, for programs and for people."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from monai_ext.atomic import write_atomically
from monai_ext.experiments.segmentation_report import (
    SegmentationReport,
    SummaryLine,
    segmentation_report,
)
from monai_ext.outputs.segmentation_scores import SCORES_FILE

SUMMARY_JSON, SUMMARY_TEXT = "summary.json", "summary.md"


class SegmentationSummary:
    """Writes ``summary.json`` and ``summary.md`` beside ``scores.csv`` when an evaluator ends.

    Attach it after ``SegmentationScores``, with the same folder.

    Args:
        output_dir: folder of ``scores.csv``.
        seed: of the resamples.
        resamples: how many.
        confidence: nominal coverage of the intervals.
    """

    def __init__(
        self,
        output_dir: Path | str,
        *,
        seed: int = 0,
        resamples: int = 2000,
        confidence: float = 0.95,
    ) -> None:
        self.folder, self.seed = Path(str(output_dir)), seed
        self.resamples, self.confidence = resamples, confidence

    def attach(self, engine: Engine) -> None:
        """Write when the run ends."""
        engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self, _engine: Engine | None = None) -> None:
        """Read the scores and write their summary."""
        report = segmentation_report(
            self.folder / SCORES_FILE,
            seed=self.seed,
            resamples=self.resamples,
            confidence=self.confidence,
        )
        found = json.dumps(_as_json(report, self.seed), indent=2, allow_nan=False) + "\n"
        for name, text in ((SUMMARY_JSON, found), (SUMMARY_TEXT, _as_text(report))):
            with write_atomically(self.folder / name) as path:
                path.write_text(text, encoding="utf-8")


def _as_json(report: SegmentationReport, seed: int) -> dict[str, Any]:
    def lines(found: dict[str, SummaryLine]) -> dict[str, Any]:
        return {name: _line_json(line) for name, line in found.items()}

    return {
        "images": report.images,
        "patients": report.patients,
        "seed": seed,
        "mean_over_images": lines(report.means),
        "pooled": lines(report.pooled),
    }


def _line_json(line: SummaryLine) -> dict[str, Any]:
    value = line.value
    numbers = {"value": value.estimate, "low": value.low, "high": value.high}
    plain = {name: None if math.isnan(n) else n for name, n in numbers.items()}
    return plain | {
        "confidence": value.confidence,
        "resamples": value.resamples,
        "images": line.images,
    }


def _as_text(report: SegmentationReport) -> str:
    confidence = next(iter(report.means.values())).value.confidence
    head = (
        f"{report.images} images of {report.patients} patients. Brackets: {confidence:.0%} "
        "percentile interval, patients resampled with all their images."
    )
    means = _table(report.means)
    pooled = _table(report.pooled)
    note = (
        "An image counts in a mean where the score is defined: the class is in its truth or "
        "prediction; for a distance, there are objects on both sides, or on none."
    )
    parts = ["# Segmentation scores", head, "## Mean over images", means, note]
    return "\n\n".join([*parts, "## Pooled over images", pooled]) + "\n"


def _table(lines: dict[str, SummaryLine]) -> str:
    rows = ["| score | value | images |", "| --- | --- | --- |"]
    for name, line in lines.items():
        value = line.value
        words = "n/a" if math.isnan(value.estimate) else str(value)
        if not value.resamples and words != "n/a":
            words = f"{value.estimate:.3f}"
        rows.append(f"| {name} | {words} | {line.images} |")
    return "\n".join(rows)
