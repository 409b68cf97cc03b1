"""The parts of a loss, averaged over each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ignite.engine import Engine, Events
from torch import Tensor

from monai_ext.engines.processes import process_mean


class HasParts(Protocol):
    """A loss that keeps what it was made of at its last call."""

    parts: dict[str, Tensor]


class PartMeans:
    """Puts the mean of each part over an epoch's steps among the trainer's metrics.

    Attach it before the handlers that log metrics. Where several processes train, it is the mean
    of theirs; the parts must have the same names in all.

    Args:
        objective: whose ``parts`` are read after each step.
    """

    def __init__(self, objective: HasParts) -> None:
        self.objective = objective
        self._sums: dict[str, list[float]] = {}

    def attach(self, engine: Engine) -> None:
        """Collect each step, average each epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._average)

    def _start(self) -> None:
        self._sums = {}

    def _collect(self) -> None:
        parts: Mapping[str, Tensor] = self.objective.parts
        for name, value in parts.items():
            self._sums.setdefault(name, []).append(float(value.detach()))

    def _average(self, engine: Engine) -> None:
        means = {name: process_mean(sum(v) / len(v)) for name, v in self._sums.items()}
        engine.state.metrics |= means
