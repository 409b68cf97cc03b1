"""Load feature files as a bag tensor, in a chain of MONAI transforms."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection
from monai.data.meta_tensor import MetaTensor
from monai.transforms.transform import MapTransform

from monai_ext.data.bags import load_bag


class LoadBagd(MapTransform):
    """Replace a slide's feature files by its bag.

    The bag is a MetaTensor ``[4 + D, N]`` whose ``.mT`` is contiguous. Its meta tells slide,
    ``step_px``, magnifications, mpps, coordinates and the provenance id, see
    ``monai_ext.data.bag_meta``; the corner of tile (level, row, col) is at
    ``(col, row) * step_px * 2**level``.

    Args:
        keys: of the file, or the list of files finest first.
        is_spatial: refuse features without a place on a grid. False for methods that look at
            the features only.
        step_px: distance of neighbouring tiles in level-0 pixels, for files that do not say.
        mpp_key: item key of the slide's um a level-0 pixel, used where an item has it and the
            files do not say.
        allow_missing_keys: do nothing for a key that an item lacks.
    """

    def __init__(
        self,
        keys: KeysCollection = "image",
        *,
        is_spatial: bool = True,
        step_px: float | None = None,
        mpp_key: str = "mpp",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.is_spatial, self.step_px, self.mpp_key = is_spatial, step_px, mpp_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Load the bag of every key.

        Raises:
            FeatureError: naming the file.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            bag, meta = load_bag(
                item[key],
                is_spatial=self.is_spatial,
                step_px=self.step_px,
                slide_mpp=item.get(self.mpp_key),
            )
            item[key] = MetaTensor(bag, meta=meta)
        return item


LoadBagD = LoadBagDict = LoadBagd
