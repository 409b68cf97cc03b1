"""A progress bar over epochs, with the last row of the metrics beside it."""

from __future__ import annotations

from typing import Any

from ignite.engine import Events
from monai.engines import Trainer
from tqdm import tqdm

from monai_ext.engines.metrics_csv import MetricsCsv


class TrainingProgress:
    """Show epochs done and what is left. Attach it after the metrics log.

    Args:
        log: whose last row is shown.
        show: ``None`` shows the bar on a terminal only.
    """

    def __init__(self, log: MetricsCsv, *, show: bool | None = None) -> None:
        self.log, self._disable = log, None if show is None else not show
        self._bar: tqdm[Any] | None = None

    def attach(self, engine: Trainer) -> None:
        """Open with the run, step with each epoch, close at any end."""
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._step)
        engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, self._close)

    def _open(self, engine: Trainer) -> None:
        self._bar = tqdm(
            total=engine.state.max_epochs,
            initial=engine.state.epoch,
            desc="training",
            unit="epoch",
            disable=self._disable,
        )

    def _step(self) -> None:
        if self._bar is not None:
            row = self.log.rows[-1] if self.log.rows else {}
            shown = {name: value for name, value in row.items() if name not in ("epoch", "lr")}
            self._bar.set_postfix({name: f"{value:.3f}" for name, value in shown.items()})
            self._bar.update()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
