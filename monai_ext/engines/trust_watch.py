"""Say when pseudo-labels leave a class out."""

from __future__ import annotations

from collections.abc import Mapping

from monai_ext.engines.epoch_watch import EpochWatch


class TrustWatch(EpochWatch):
    """Warns once when hardly a trusted pixel is of some class, while others are trusted.

    The network then learns from pseudo-labels that the class is rarer than it is. It reads
    ``confident`` (share of unlabelled pixels whose pseudo-label counts) and ``confident_least``
    (that of the class with fewest).

    Args:
        share: of the trusted pixels, below which a class is left out.
        least: trusted pixels, as a share of all, below which nothing is said.
    """

    def __init__(self, share: float = 0.01, least: float = 0.05) -> None:
        self.share, self.least = share, least

    def fault(self, metrics: Mapping[str, float]) -> str | None:
        """A class without trusted pixels."""
        trusted, rarest = metrics.get("confident", 0.0), metrics.get("confident_least", 0.0)
        if trusted < self.least or rarest >= self.share * trusted:
            return None
        return (
            f"{100 * trusted:.0f} % of the unlabelled pixels are trusted, but hardly one of some "
            "class: it is absent, or never predicted with confidence; --balance_trust True, a "
            "larger --head_rate or a lower --tau lets it be"
        )
