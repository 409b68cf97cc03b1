"""Batch bags of different lengths: MONAI's padding fills with 0, which is a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from monai_ext.ops.bag_layout import pad_bags


def collate_bags(
    items: Sequence[Mapping[str, Any]], *, keys: Sequence[str] = ("image",)
) -> dict[str, Any]:
    """Batch dictionaries that hold bags.

    Bags of ``keys`` are padded to ``[B, 4 + D, Nmax]`` with level -1; a MetaTensor's meta goes
    to ``<key>_meta``, a list of dicts. Numbers become tensors (whole ones long, others float32),
    tensors of equal shape are stacked, all else becomes a list. A key that not every item has is
    left out.

    Args:
        items: of one batch.
        keys: those that hold bags.
    """
    shared = [key for key in items[0] if all(key in item for item in items)]
    batch: dict[str, Any] = {}
    for key in shared:
        values = [item[key] for item in items]
        if key in keys:
            batch[key] = pad_bags(values)
            batch[f"{key}_meta"] = [dict(getattr(value, "meta", {})) for value in values]
        else:
            batch[key] = _together(values)
    return batch


def _together(values: list[Any]) -> Any:
    if all(isinstance(value, (bool, int)) for value in values):
        return torch.tensor(values, dtype=torch.long)
    if all(isinstance(value, (int, float)) for value in values):
        return torch.tensor(values, dtype=torch.float32)
    shapes = {value.shape if isinstance(value, torch.Tensor) else None for value in values}
    if None not in shapes and len(shapes) == 1:
        return torch.stack(values)
    return values
