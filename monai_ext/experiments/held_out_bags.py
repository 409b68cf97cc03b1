"""The held-out slides of a split, for questions to a trained network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from monai_ext.data import load_bag, load_datalist


def held_out_bags(datalist: Path | str) -> Iterator[tuple[Tensor, int]]:
    """Bag ``[1, 4 + D, N]`` and label of each held-out slide of a split."""
    for item in load_datalist(Path(str(datalist))).test:
        bag, _ = load_bag(item["image"], is_spatial=False)
        yield bag[None], int(item["label"])
