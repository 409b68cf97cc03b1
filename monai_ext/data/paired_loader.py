"""Two loaders side by side: labelled and unlabelled batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader


class PairedLoader:
    """Gives ``{"labelled": batch, "unlabelled": batch}``; ends with the shorter loader.

    Args:
        labelled: loader of items with masks.
        unlabelled: loader of items without; None: labelled batches alone.
    """

    def __init__(
        self, labelled: DataLoader[Any], unlabelled: DataLoader[Any] | None = None
    ) -> None:
        self.labelled, self.unlabelled = labelled, unlabelled

    def __len__(self) -> int:
        both = [each for each in (self.labelled, self.unlabelled) if each is not None]
        return min(map(len, both))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Batches of one epoch."""
        if self.unlabelled is None:
            for batch in self.labelled:
                yield {"labelled": batch}
            return
        for batch, bare in zip(self.labelled, self.unlabelled, strict=False):
            yield {"labelled": batch, "unlabelled": bare}
