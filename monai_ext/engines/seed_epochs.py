"""Every epoch starts from the seed and its own number, whatever happened before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from ignite.engine import Engine, Events
from monai.utils import set_determinism


def epoch_seed(seed: int, epoch: int, rank: int = 0) -> int:
    """A 32-bit seed for one epoch of one process, from a hash of the numbers.

    Example:
        >>> epoch_seed(0, 1) == epoch_seed(0, 1), epoch_seed(0, 1) == epoch_seed(1, 0)
        (True, False)
    """
    name = f"{seed}:{epoch}" + (f":{rank}" if rank else "")
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big")


class SeedEpochs:
    """Seed Python, NumPy, torch, the sampler and random transforms at the start of each epoch.

    So a resumed run draws what the undisturbed run would have drawn, with no generator state
    in the checkpoint.

    Args:
        seed: the run's seed.
        samplers: objects with ``set_epoch(epoch)``, e.g. the loader's sampler.
        transforms: random transforms with ``set_random_state(seed)``, e.g. a ``Compose``; each
            gets a seed of its own.
        rank: of this process among those that train together: each draws its own.
    """

    def __init__(
        self,
        seed: int,
        *,
        samplers: Sequence[Any] = (),
        transforms: Sequence[Any] = (),
        rank: int = 0,
    ) -> None:
        self.seed, self.samplers, self.transforms = int(seed), samplers, transforms
        self.rank = int(rank)

    def attach(self, engine: Engine) -> None:
        """Run before each epoch's data is drawn."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Seed for the epoch that ``engine`` starts (the first is 1)."""
        seed = epoch_seed(self.seed, engine.state.epoch, self.rank)
        set_determinism(seed, use_deterministic_algorithms=None)
        for sampler in self.samplers:
            sampler.set_epoch(engine.state.epoch)
        for number, transform in enumerate(self.transforms):
            transform.set_random_state((seed + number) % 2**32)
