"""Say when prototypes of a class fall together on one."""

from __future__ import annotations

from collections.abc import Mapping

from monai_ext.engines.epoch_watch import EpochWatch


class CollapseWatch(EpochWatch):
    r"""Warns once when a class's pixels use its prototypes unevenly.

    Entropy of the use, as a share of :math:`\log K`, averaged over an epoch: 1 is even use, 0 one
    prototype alone.

    Args:
        threshold: share below which there is a warning.
        metric: name of the entropy among the trainer's metrics.
    """

    def __init__(self, threshold: float = 0.5, metric: str = "prototype_entropy") -> None:
        self.threshold, self.metric = threshold, metric

    def fault(self, metrics: Mapping[str, float]) -> str | None:
        """Uneven use."""
        share = metrics.get(self.metric)
        if share is None or share >= self.threshold:
            return None
        return (
            f"prototypes are used unevenly: entropy {share:.2f} of log K, below "
            f"{self.threshold:.2f}; fewer --prototypes_per_class, or --assign sinkhorn for equal "
            "shares"
        )
