"""Batches of bags of similar length, in an order that only seed and epoch decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import numpy as np
from torch.utils.data import Sampler


class BucketSampler(Sampler[list[int]]):
    """Batch sampler that pads little: a batch holds bags of similar length.

    Each epoch the bags are shuffled and cut into buckets of ``batches_a_bucket`` batches; within
    a bucket they are sorted by length and cut into batches, whose order is shuffled again. The
    order is a function of ``(seed, epoch)`` alone, not of workers, timing or earlier epochs; so
    training resumes exactly by ``load_state_dict``. Every bag comes once an epoch; the last batch
    may be smaller.

    Args:
        lengths: instances of each bag.
        batch_size: bags a batch; 1 is a plain shuffle.
        seed: of the order.
        batches_a_bucket: more pads less and shuffles less freely.
        is_shuffled: False gives the bags in their order, for validation.
        processes: that train together. Each takes every so manieth batch; where their number
            cannot be divided, the epoch's first ones come again, for all must take equal steps.
        rank: which of the processes this is.

    Raises:
        ValueError: if a number is below 1, or ``rank`` is not one of the processes.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        *,
        seed: int = 0,
        batches_a_bucket: int = 16,
        is_shuffled: bool = True,
        processes: int = 1,
        rank: int = 0,
    ) -> None:
        if batch_size < 1 or batches_a_bucket < 1:
            raise ValueError(
                f"batch_size={batch_size}, batches_a_bucket={batches_a_bucket} must be at least 1"
            )
        if not 0 <= rank < processes:
            raise ValueError(f"rank={rank} is none of {processes} processes")
        self.processes, self.rank = processes, rank
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.batch_size, self.batches_a_bucket = batch_size, batches_a_bucket
        self.seed, self.is_shuffled = seed, is_shuffled
        self._run = object()
        self.epoch = self._done = 0

    def __len__(self) -> int:
        at_once = self.batch_size * self.processes
        return (len(self.lengths) + at_once - 1) // at_once

    def __iter__(self) -> Iterator[list[int]]:
        """Batches of this epoch, from where it was left; then the epoch after.

        An iterator that was begun before ``set_epoch`` ends there: an engine that counts
        its iterations leaves one suspended before its end, and asks it again in the next epoch.
        """
        batches = self.batches(self.epoch)
        run = self._run
        while self._run is run and self._done < len(batches):
            self._done += 1
            yield batches[self._done - 1]
        if self._run is run:
            self.set_epoch(self.epoch + 1)

    def batches(self, epoch: int) -> list[list[int]]:
        """All batches of an epoch that this process takes."""
        found = self._of_all(epoch)
        again = islice(cycle(found), -len(found) % self.processes)
        return [*found, *again][self.rank :: self.processes]

    def set_epoch(self, epoch: int) -> None:
        """Start this epoch from its first batch."""
        self.epoch, self._done = int(epoch), 0
        self._run = object()

    def state_dict(self) -> dict[str, int]:
        """Seed, epoch and batches already given in it."""
        return {"seed": self.seed, "epoch": self.epoch, "done": self._done}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue where ``state`` was taken: the next batch is the one after it.

        Raises:
            ValueError: if the state is of another seed.
        """
        if state["seed"] != self.seed:
            raise ValueError(f"seed={self.seed} differs from the saved seed {state['seed']}")
        self.epoch, self._done = state["epoch"], state["done"]
        self._run = object()

    def _of_all(self, epoch: int) -> list[list[int]]:
        n = len(self.lengths)
        if not self.is_shuffled:
            return _cut(np.arange(n), self.batch_size)
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(n)
        bucket = self.batch_size * self.batches_a_bucket
        if self.batch_size > 1:
            pieces = [order[start : start + bucket] for start in range(0, n, bucket)]
            by_length = [piece[np.argsort(self.lengths[piece], kind="stable")] for piece in pieces]
            order = np.concatenate(by_length) if by_length else order
        batches = _cut(order, self.batch_size)
        return [batches[k] for k in rng.permutation(len(batches))]


def _cut(order: np.ndarray, size: int) -> list[list[int]]:
    return [order[start : start + size].tolist() for start in range(0, len(order), size)]
