"""A moving average of the trained network."""

from __future__ import annotations

import copy
from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import nn


class EMATeacher:
    r"""Follows a network: :math:`\bar w \leftarrow (1 - m_t) \bar w + m_t w` after each step.

    :math:`m_t = \max(m, 1 / (t + 1))`, so the start is soon forgotten. Running statistics are
    averaged likewise, whole numbers copied. Unlike ignite's ``EMAHandler``, whose warm-up counts
    from the start of the process, it can be saved and taken up again.

    Args:
        model: the trained network.
        momentum: m.

    Attributes:
        ema_model: the average; it takes no gradient.

    Reference:
        A. Tarvainen, H. Valpola, Mean teachers are better role models, NeurIPS 2017,
        https://arxiv.org/abs/1703.01780.
    """

    def __init__(self, model: nn.Module, momentum: float) -> None:
        self.model, self.momentum, self.steps = model, float(momentum), 0
        self.ema_model = copy.deepcopy(model).requires_grad_(requires_grad=False).eval()

    def attach(self, engine: Engine) -> None:
        """Follow after every step of training."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.update)

    @torch.no_grad()
    def update(self) -> None:
        """Take one step towards the network."""
        self.steps += 1
        share = max(self.momentum, 1 / (self.steps + 1))
        own, seen = self.ema_model.state_dict(), self.model.state_dict()
        for name, value in own.items():
            if value.is_floating_point():
                value.lerp_(seen[name], share)
            else:
                value.copy_(seen[name])

    def state_dict(self) -> dict[str, Any]:
        """Steps taken; the average itself is the run's network."""
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from an earlier state."""
        self.steps = int(state["steps"])
