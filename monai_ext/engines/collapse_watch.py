"""Say when prototypes of a class fall together on one."""

from __future__ import annotations

import logging

from ignite.engine import Engine, Events

_logger = logging.getLogger(__name__)


class CollapseWatch:
    r"""Warns once when a class's pixels use its prototypes unevenly.

    Entropy of the use, as a share of :math:`\log K`, averaged over an epoch: 1 is even use, 0 one
    prototype alone. Attach it after the means of the parts.

    Args:
        threshold: share below which there is a warning.
        metric: name of the entropy among the trainer's metrics.
    """

    def __init__(self, threshold: float = 0.5, metric: str = "prototype_entropy") -> None:
        self.threshold, self.metric, self.has_warned = threshold, metric, False

    def attach(self, engine: Engine) -> None:
        """Look after every epoch."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Look at the last epoch."""
        share = engine.state.metrics.get(self.metric)
        if share is None or share >= self.threshold or self.has_warned:
            return
        self.has_warned = True
        _logger.warning(
            "prototypes are used unevenly: entropy %.2f of log K, below %.2f (epoch %d); "
            "fewer --prototypes_per_class, or --assign sinkhorn for equal shares",
            share,
            self.threshold,
            engine.state.epoch,
        )
