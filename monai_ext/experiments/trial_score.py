"""What a training reached on its validation part, from its ``metrics.csv``."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from monai_ext.atomic import write_atomically

SCORE = "score.json"
_KEY = "val_loss"  # the checkpoint is chosen by it


@dataclass(frozen=True)
class TrialScore:
    """Validation metrics at the epoch whose checkpoint the run keeps.

    Attributes:
        epoch: the epoch of the lowest validation loss.
        val_loss: mean loss; nan if training never had a finite one.
        val_auc: area under the ROC curve.
    """

    epoch: int
    val_loss: float
    val_auc: float

    def order(self, metric: str) -> tuple[float, float]:
        """Small is better: by ``metric``, equal ones by the loss; nan comes last."""
        loss = self.val_loss if math.isfinite(self.val_loss) else math.inf
        auc = self.val_auc if math.isfinite(self.val_auc) else -math.inf
        return (loss, -auc) if metric == _KEY else (-auc, loss)


def score_run(run: Path) -> TrialScore:
    """Score a finished run.

    Args:
        run: folder with ``metrics.csv``.
    """
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(stream)]
    known = [row for row in rows if math.isfinite(row.get(_KEY, math.nan))]
    if not known:
        return TrialScore(0, math.nan, math.nan)
    best = min(known, key=lambda row: row[_KEY])
    return TrialScore(int(best["epoch"]), best[_KEY], best.get("val_auc", math.nan))


def write_score(run: Path, score: TrialScore) -> None:
    """Write ``score.json``: from then on the run counts as done."""
    with write_atomically(run / SCORE) as path:
        path.write_text(json.dumps(asdict(score)) + "\n", encoding="utf-8")


def read_score(run: Path) -> TrialScore | None:
    """The score of a run, None if it is not done."""
    path = run / SCORE
    return TrialScore(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def mean_score(scores: list[TrialScore]) -> TrialScore:
    """Mean over splits; nan where one of them is."""
    return TrialScore(
        max(score.epoch for score in scores),
        sum(score.val_loss for score in scores) / len(scores),
        sum(score.val_auc for score in scores) / len(scores),
    )
