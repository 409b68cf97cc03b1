"""End training when the loss is no number, before it spoils the network."""

from __future__ import annotations

import math

from monai.engines import IterationEvents, Trainer

from monai_ext.errors import SettingError


class LossGuard:
    """Stop at the first loss that is nan or infinite, before the optimiser's step.

    The files of the last complete epoch stay as they are.
    """

    def attach(self, engine: Trainer) -> None:
        """Look at each loss when it is there."""
        engine.add_event_handler(IterationEvents.LOSS_COMPLETED, self)

    def __call__(self, engine: Trainer) -> None:
        """Look at this step's loss.

        Raises:
            SettingError: if it is not finite.
        """
        loss = float(engine.state.output["loss"].detach())
        if not math.isfinite(loss):
            raise SettingError(
                f"the loss of step {engine.state.iteration} is {loss}",
                "training ends where the loss is no number; the last complete epoch is kept",
                "lower --learning_rate or switch --amp off, and go on with --resume True",
            )
