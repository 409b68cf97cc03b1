"""Drop a random part of a bag, the same tissue at every magnification."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms.transform import MapTransform, RandomizableTransform

from monai_ext.errors import SettingError
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.transforms.like_bag import like_bag


class DropInstancesd(RandomizableTransform, MapTransform):
    """Keep a random part of the finest instances, and every instance that covers one of them.

    Coarser instances that cover no finest instance at all, dropped or kept, stay: they are tissue
    that only that level has. At least one instance stays.

    Args:
        keys: of the bags.
        fraction: of the finest instances to drop, 0 up to but not including 1.
        prob: how often anything is dropped.
        allow_missing_keys: do nothing for a key that an item lacks.

    Raises:
        SettingError: if ``fraction`` is outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection = "image",
        *,
        fraction: float,
        prob: float = 1.0,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, prob)
        if not 0 <= fraction < 1:
            raise SettingError(f"fraction={fraction}", "0 <= fraction < 1", "give fraction 0.2")
        self.fraction = fraction

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Drop instances of every key's bag."""
        item = dict(data)
        self.randomize(None)
        if not self._do_transform:
            return item
        for key in self.key_iterator(item):
            bag = item[key]
            kept = torch.nonzero(self._kept(bag)).squeeze(1)
            coords = getattr(bag, "meta", {}).get("coords")
            changed = {} if coords is None else {"coords": coords[kept]}
            rows = bag.as_subclass(torch.Tensor).mT[kept]
            item[key] = like_bag(rows.mT, bag, **changed)
        return item

    def _kept(self, bag: torch.Tensor) -> torch.Tensor:
        level, row, col, _, _ = (part[0] for part in unpack_bag(bag[None]))
        kept = torch.ones_like(level, dtype=torch.bool)
        if len(level) == 0:
            return kept
        first = level.min()
        finest = torch.nonzero(level == first).squeeze(1)
        number = max(1, round(len(finest) * (1 - self.fraction)))
        chosen = finest[torch.from_numpy(self.R.permutation(len(finest))[:number])]
        kept[finest] = False
        kept[chosen] = True
        for depth in torch.unique(level[level > first]).tolist():
            here = torch.nonzero(level == depth).squeeze(1)
            shift = depth - int(first)
            cells = (row[here] << 31) + col[here]
            covers_any = torch.isin(cells, (row[finest] >> shift << 31) + (col[finest] >> shift))
            covers = torch.isin(cells, (row[chosen] >> shift << 31) + (col[chosen] >> shift))
            kept[here] = covers | ~covers_any
        return kept


DropInstancesD = DropInstancesDict = DropInstancesd
