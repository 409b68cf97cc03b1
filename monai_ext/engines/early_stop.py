"""Early stopping whose state is part of a run."""

from __future__ import annotations

from typing import Any

from ignite.engine import Engine, Events
from ignite.handlers import EarlyStopping

from monai_ext.engines.selection import metric_score


class EarlyStop:
    """End training when a validation metric has not improved for ``patience`` validations.

    Ignite's ``EarlyStopping``; unlike MONAI's handler around it, it can be saved and taken up
    again, so that a resumed run ends where the undisturbed one does.

    Args:
        patience: validations without improvement that are waited for.
        metric: name of the validation metric; ``nan`` counts as no improvement.
        lower_is_better: whether small values are good, as of a loss.
    """

    def __init__(self, patience: int, metric: str, *, lower_is_better: bool = False) -> None:
        self._score = metric_score(metric, lower_is_better=lower_is_better)
        self._patience = int(patience)
        self._stopping: EarlyStopping | None = None

    def set_trainer(self, trainer: Engine) -> None:
        """Name the engine to end; called once before training."""
        self._stopping = EarlyStopping(self._patience, self._score, trainer)

    def attach(self, engine: Engine) -> None:
        """Look at the metric after each run of the validation engine."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Count one validation."""
        if self._stopping is None:
            raise RuntimeError("EarlyStop.set_trainer was not called before training")
        self._stopping(engine)

    def state_dict(self) -> dict[str, Any]:
        """Best score and validations since."""
        return {} if self._stopping is None else dict(self._stopping.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up an earlier state, after ``set_trainer``."""
        if self._stopping is not None and state:
            self._stopping.load_state_dict(state)
