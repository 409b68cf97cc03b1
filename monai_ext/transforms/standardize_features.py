"""Scale features to zero mean and unit deviation, by numbers of the training slides."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms.transform import MapTransform

from monai_ext.errors import SettingError
from monai_ext.ops.bag_layout import pack_bag, unpack_bag
from monai_ext.transforms.like_bag import like_bag


class StandardizeFeaturesd(MapTransform):
    r"""Standardise every feature: :math:`(x - \mu) / \sigma`.

    Args:
        keys: of the bags.
        mean: D numbers, of the training slides.
        std: D numbers above 0.
        allow_missing_keys: do nothing for a key that an item lacks.

    Raises:
        SettingError: if the lengths differ, or a deviation is not above 0.
    """

    def __init__(
        self,
        keys: KeysCollection = "image",
        *,
        mean: Sequence[float],
        std: Sequence[float],
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.mean, self.std = torch.tensor(mean).float(), torch.tensor(std).float()
        if self.mean.shape != self.std.shape or not bool((self.std > 0).all()):
            raise SettingError(
                f"mean has {len(mean)} and std {len(std)} numbers, the smallest std is {min(std)}",
                "there are D of each, and deviations are above 0",
                "leave out features that do not vary, or set their std to 1",
            )

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Standardise every key's bag.

        Raises:
            SettingError: if the bag has another width.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            level, row, col, region, features = (part[0] for part in unpack_bag(item[key][None]))
            if features.shape[1] != len(self.mean):
                raise SettingError(
                    f"bag {key!r} has width {features.shape[1]}, mean {len(self.mean)}",
                    "mean and std are those of these features",
                    "compute them again",
                )
            scaled = (features - self.mean) / self.std
            item[key] = like_bag(pack_bag(scaled, level, row, col, region), item[key])
        return item


StandardizeFeaturesD = StandardizeFeaturesDict = StandardizeFeaturesd
