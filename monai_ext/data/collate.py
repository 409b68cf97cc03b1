"""Batch bags of different lengths: MONAI's padding fills with 0, which is a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from monai_ext.ops.bag_layout import pad_bags

META_SUFFIX = "_meta_dict"
"""MONAI's ending of a key's meta."""


def collate_bags(
    items: Sequence[Mapping[str, Any]], *, keys: Sequence[str] = ("image",)
) -> dict[str, Any]:
    """Batch dictionaries that hold bags; MONAI's ``decollate_batch`` undoes it.

    Bags of ``keys`` are padded to plain tensors ``[B, 4 + D, Nmax]`` with level -1. Their meta
    goes to ``<key>_meta_dict``: ``{"slide": [B names], "mpps": [one list of B a level], "coords":
    [B, Nmax, 2] with -1 where padded, ...}``. Numbers become tensors (whole ones long, others
    float32), tensors of equal shape are stacked, all else becomes a list. What not every item
    has is left out.

    Args:
        items: of one batch.
        keys: those that hold bags.

    Example:
        >>> bags = [torch.zeros(6, 2), torch.zeros(6, 3)]
        >>> batch = collate_bags([{"image": bag, "label": 1} for bag in bags])
        >>> batch["image"].shape, batch["image"][0, 0].tolist(), batch["label"]
        (torch.Size([2, 6, 3]), [0.0, 0.0, -1.0], tensor([1, 1]))
    """
    batch: dict[str, Any] = {}
    for name in _shared_keys(items):
        values = [item[name] for item in items]
        if name not in keys:
            batch[name] = _together(values)
            continue
        batch[name] = pad_bags(values)
        metas = [getattr(value, "meta", {}) for value in values]
        together = {
            key: _meta_together([meta[key] for meta in metas]) for key in _shared_keys(metas)
        }
        batch[f"{name}{META_SUFFIX}"] = {k: v for k, v in together.items() if v is not None}
    return batch


def _shared_keys(items: Sequence[Mapping[str, Any]]) -> list[str]:
    return [key for key in items[0] if all(key in item for item in items)]


def _together(values: list[Any]) -> Any:
    if all(isinstance(value, (bool, int)) for value in values):
        return torch.tensor(values, dtype=torch.long)
    if all(isinstance(value, (int, float)) for value in values):
        return torch.tensor(values, dtype=torch.float32)
    shapes = {value.shape if isinstance(value, torch.Tensor) else None for value in values}
    if None not in shapes and len(shapes) == 1:
        return torch.stack(values)
    return values


def _meta_together(values: list[Any]) -> Any:
    """Scalars as a list; lists of equal length transposed, one list of B a place; else None."""
    if all(isinstance(value, torch.Tensor) for value in values):
        return pad_sequence(values, batch_first=True, padding_value=-1)
    if all(isinstance(value, (list, tuple)) for value in values):
        same_length = len({len(value) for value in values}) == 1
        return [list(place) for place in zip(*values, strict=True)] if same_length else None
    scalar = (str, int, float, bool, type(None))
    return values if all(isinstance(value, scalar) for value in values) else None
