"""A given number of full batches an epoch, however few items there are."""

from __future__ import annotations

import numpy as np

from monai_ext.data.sampler import BucketSampler


class StepSampler(BucketSampler):
    """Batch sampler of ``steps`` batches; items come again in a new order when all were there.

    The order is a function of ``(seed, epoch)`` alone. An item may come twice in a batch only
    where there are fewer items than a batch holds, or where two rounds meet in it.

    Args:
        num_items: n.
        batch_size: items a batch.
        steps: batches an epoch.
        seed: of the order.
        processes: that train together. A step's items are those of one process with batches so
            many times as large, each process takes its part of them.
        rank: which of the processes this is.

    Raises:
        ValueError: if a number is below 1, or ``rank`` is not one of the processes.
    """

    def __init__(
        self,
        num_items: int,
        batch_size: int,
        steps: int,
        *,
        seed: int = 0,
        processes: int = 1,
        rank: int = 0,
    ) -> None:
        if num_items < 1 or steps < 1:
            raise ValueError(f"num_items={num_items}, steps={steps} must be at least 1")
        super().__init__([0] * num_items, batch_size, seed=seed, processes=processes, rank=rank)
        self.steps = int(steps)

    def __len__(self) -> int:
        return self.steps

    def batches(self, epoch: int) -> list[list[int]]:
        """All batches of an epoch that this process takes."""
        rng = np.random.default_rng([self.seed, epoch])
        needed, n = self.steps * self.batch_size * self.processes, len(self.lengths)
        rounds = [rng.permutation(n) for _ in range(-(-needed // n))]
        steps = np.concatenate(rounds)[:needed].reshape(self.steps, self.processes, -1)
        return steps[:, self.rank].tolist()
