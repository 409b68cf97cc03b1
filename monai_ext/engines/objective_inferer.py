"""Drive a training objective that needs more of a network than its logits."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from monai.inferers import Inferer


class TrainingObjective(Protocol):
    """A loss in two steps, so that the label comes after the network."""

    def terms(self, network: torch.nn.Module, inputs: Any, /) -> Any:
        """What the loss is made of, without the labels."""
        ...

    def combine(self, terms: Any, labels: torch.Tensor, /) -> torch.Tensor:
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

    def __call__(self, inputs: Any, network: torch.nn.Module, *_args: Any, **_kwargs: Any) -> Any:
        """The terms of a batch."""
        return self.objective.terms(network, inputs)
