"""Say when pseudo-labels leave a class out."""

from __future__ import annotations

import logging

from ignite.engine import Engine, Events

_logger = logging.getLogger(__name__)


class TrustWatch:
    """Warns once when hardly a trusted pixel is of some class, while others are trusted.

    The network then learns from pseudo-labels that the class is rarer than it is. Attach it after
    the means of the parts, of which it reads ``confident`` (share of unlabelled pixels whose
    pseudo-label counts) and ``confident_least`` (that of the class with fewest).

    Args:
        share: of the trusted pixels, below which a class is left out.
        least: trusted pixels, as a share of all, below which nothing is said.
    """

    def __init__(self, share: float = 0.01, least: float = 0.05) -> None:
        self.share, self.least, self.has_warned = share, least, False

    def attach(self, engine: Engine) -> None:
        """Look after every epoch."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Look at the last epoch."""
        trusted = engine.state.metrics.get("confident", 0.0)
        rarest = engine.state.metrics.get("confident_least", 0.0)
        if self.has_warned or trusted < self.least or rarest >= self.share * trusted:
            return
        self.has_warned = True
        _logger.warning(
            "%.0f %% of the unlabelled pixels are trusted, but hardly one of some class (epoch "
            "%d): the class is absent, or never predicted with confidence; a larger --head_rate "
            "or a lower --tau lets it be",
            100 * trusted,
            engine.state.epoch,
        )
