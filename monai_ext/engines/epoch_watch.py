"""Say once that something in training is not as it should be."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping

from ignite.engine import Engine, Events

_logger = logging.getLogger(__name__)


class EpochWatch(ABC):
    """Looks at an epoch's metrics and warns at the first that gives cause.

    Attach it after the handlers that put the metrics there.
    """

    has_warned = False

    def attach(self, engine: Engine) -> None:
        """Look after every epoch."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Look at the last epoch."""
        if self.has_warned:
            return
        found = self.fault(engine.state.metrics)
        if found is not None:
            self.has_warned = True
            _logger.warning("%s (epoch %d)", found, engine.state.epoch)

    @abstractmethod
    def fault(self, metrics: Mapping[str, float]) -> str | None:
        """What is wrong and what mends it, or ``None``."""
