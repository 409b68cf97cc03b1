"""One row an epoch in ``metrics.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Events
from monai.engines import Evaluator, Trainer
from torch.optim import Optimizer

from monai_ext.atomic import write_atomically
from monai_ext.engines.processes import process_mean


class MetricsCsv:
    """Write epoch, learning rate, mean loss, the trainer's and the validator's metrics.

    Its rows are part of what a resumed run takes up, so the file has no gap and no double row.
    Where several processes train, the loss is their mean, and the first writes.

    Args:
        path: the file, rewritten whole each time.
        optimizer: whose first group's learning rate is written.
        evaluator: engine whose metrics are written, or ``None``.
    """

    def __init__(
        self, path: Path | str, optimizer: Optimizer, *, evaluator: Evaluator | None = None
    ) -> None:
        self.path, self.optimizer, self.evaluator = Path(str(path)), optimizer, evaluator
        self.rows: list[dict[str, float]] = []
        self._losses: list[float] = []
        self._lr = 0.0

    def attach(self, engine: Trainer) -> None:
        """Collect each iteration, write each epoch. Attach after the validation handler."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._write)

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": list(self.rows)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the rows of an earlier run."""
        self.rows = list(state["rows"])

    def _start(self) -> None:
        self._losses = []
        self._lr = float(self.optimizer.param_groups[0]["lr"])

    def _collect(self, engine: Trainer) -> None:
        output = engine.state.output
        items = output if isinstance(output, list) else [output]
        loss = torch.as_tensor(items[0]["loss"])  # a batch has one loss, held by each item
        self._losses.append(float(loss.detach()))

    def _write(self, engine: Trainer) -> None:
        row = {"epoch": engine.state.epoch, "lr": self._lr}
        mean = sum(self._losses) / max(1, len(self._losses))
        row["train_loss"] = process_mean(mean)
        row |= {name: float(value) for name, value in engine.state.metrics.items()}
        if self.evaluator is not None:
            row |= {name: float(value) for name, value in self.evaluator.state.metrics.items()}
        self.rows.append(row)
        if idist.get_rank() == 0:
            self._save()

    def _save(self) -> None:
        names = list(dict.fromkeys(name for each in self.rows for name in each))
        with write_atomically(self.path) as path, path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(self.rows)
