"""Fill the region row of a bag."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection
from monai.transforms.transform import MapTransform

from monai_ext.errors import FeatureError, SettingError
from monai_ext.ops.bag_layout import pack_bag, unpack_bag
from monai_ext.ops.compact_regions import compact_regions
from monai_ext.ops.regions import count_regions, spatial_regions
from monai_ext.transforms.like_bag import like_bag

PARTITIONS = {"spatial": spatial_regions, "compact": compact_regions, "count": count_regions}


class RegionPartitiond(MapTransform):
    """Cut a slide's tissue into m regions, and write each instance's region into its bag.

    Args:
        keys: of the bags.
        m: regions; fewer where there are fewer coarsest cells.
        partition: ``"spatial"``, runs of cells in raster order, the same tissue at every
            magnification; ``"compact"``, cells halved again and again, likewise; or ``"count"``,
            each level cut by itself, for audits.
        allow_missing_keys: do nothing for a key that an item lacks.

    Raises:
        SettingError: for another partition, or m below 1.
    """

    def __init__(
        self,
        keys: KeysCollection = "image",
        *,
        m: int,
        partition: str = "spatial",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        if partition not in PARTITIONS or m < 1:
            raise SettingError(
                f"partition={partition!r}, m={m}",
                f"partition is one of {', '.join(PARTITIONS)}, m at least 1",
                "give --partition spatial",
            )
        self.m, self.partition = m, partition

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Fill the region row of every key's bag.

        Raises:
            FeatureError: if the bag has no places (``on_grid`` false in its meta).
        """
        item = dict(data)
        for key in self.key_iterator(item):
            bag = item[key]
            if not getattr(bag, "meta", {}).get("on_grid", True):
                raise FeatureError(
                    f"the bag of slide {bag.meta.get('slide')!r} has no places",
                    "regions are cut on a grid",
                    "load it with is_spatial true, which says what is amiss",
                )
            level, row, col, _, features = (part[0] for part in unpack_bag(bag[None]))
            region = PARTITIONS[self.partition](level, row, col, self.m)
            item[key] = like_bag(pack_bag(features, level, row, col, region), bag)
        return item


RegionPartitionD = RegionPartitionDict = RegionPartitiond
