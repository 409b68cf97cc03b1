"""Drive a training objective that needs more of a network than its logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from monai.inferers import Inferer


class TrainingObjective(Protocol):
    """A loss in two steps, so that the label comes after the network."""

    def terms(self, network: torch.nn.Module, bags: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """What the loss is made of, without the labels; the bag axis comes first."""
        ...

    def combine(self, terms: Mapping[str, torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        """The loss of :meth:`terms` and labels (B,), a scalar."""
        ...


class ObjectiveInferer(Inferer):
    """Gives the objective's terms where a trainer expects a prediction.

    The trainer's loss function is then the objective's ``combine``.

    Args:
        objective: asks the network.
    """

    def __init__(self, objective: TrainingObjective) -> None:
        super().__init__()
        self.objective = objective

    def __call__(
        self, inputs: torch.Tensor, network: torch.nn.Module, *_args: Any, **_kwargs: Any
    ) -> Any:
        """The terms of a batch."""
        return dict(self.objective.terms(network, inputs))
