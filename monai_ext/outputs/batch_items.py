"""The slides of an evaluator's batch, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from monai.data.utils import decollate_batch

from monai_ext.data.file_name import is_file_name
from monai_ext.errors import FeatureError
from monai_ext.ops.bag_layout import plain_tensor


@dataclass(frozen=True, eq=False)
class BatchItem:
    """One slide of a batch.

    Attributes:
        bag: [4 + D, N], without padding.
        meta: of the bag.
        other: the item's other entries, e.g. ``label``, ``slide``, ``patient``, ``mpp``.
    """

    bag: torch.Tensor
    meta: dict[str, Any]
    other: dict[str, Any] = field(default_factory=dict)

    @property
    def slide(self) -> str:
        """Name of the slide, and of its files.

        Raises:
            FeatureError: if it leads out of the folder that files are written to.
        """
        name = str(self.other.get("slide") or self.meta.get("slide") or "unknown")
        if not all(map(is_file_name, name.split("/"))):
            raise FeatureError(
                f"slide {name!r} is no name of a file",
                "files of a slide are called after it, in the output folder",
                "give it another name in the datalist",
            )
        return name


def batch_items(batch: Any, key: str = "image") -> list[BatchItem]:
    """Split a batch, decollated or not, with meta in a MetaTensor or in ``<key>_meta_dict``.

    Args:
        batch: ``engine.state.batch``: a dict of batched values, or a list of dicts.
        key: of the bag.
    """
    items: Any = decollate_batch(dict(batch)) if isinstance(batch, Mapping) else batch
    return [_item(item, key) for item in items]


def _item(item: Mapping[str, Any], key: str) -> BatchItem:
    bag, name = item[key], f"{key}_meta_dict"
    meta = {**getattr(bag, "meta", {}), **item.get(name, {})}
    meta = {k: _plain(v) for k, v in meta.items()}
    other = {k: v for k, v in item.items() if k not in (key, name)}
    bag = plain_tensor(bag)
    real = torch.round(bag[0]) >= 0
    coords = meta.get("coords")
    if coords is not None and len(coords) == len(real):
        meta["coords"] = coords[real.to(coords.device)]
    return BatchItem(bag[:, real], meta, other)


def _plain(value: Any) -> Any:
    """Single numbers out of tensors, also inside lists."""
    if isinstance(value, torch.Tensor):
        return value.item() if value.ndim == 0 else value
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
