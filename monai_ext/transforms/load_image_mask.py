"""Read an image and its mask at a given resolution."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms.transform import Transform
from torch.nn import functional

from monai_ext.data.mask_image import read_sound_mask
from monai_ext.errors import CohortError
from monai_ext.wsi.resample import resample
from monai_ext.wsi.rgb_image import read_rgb


class LoadImageMaskd(Transform):
    """From paths to pixels at one resolution: images antialiased, masks by majority.

    ``image`` becomes uint8 ``[3, H, W]``; ``label``, where an item has one, uint8 ``[1, H, W]``
    (255 = not counted), and its path stays under ``label_path``. What a side of n px at ``item
    mpp`` becomes is ``max(1, round(n * item mpp / mpp))``.

    Args:
        class_names: a pixel of a mask is a place in this list.
        mpp: um a pixel of the output; None: pixels as they are stored.

    Raises:
        SlideError: while reading: image or mask cannot be read, are not 8-bit, or do not fit
            each other.
        CohortError: while reading: a resolution is asked for and the item has none.
    """

    def __init__(self, class_names: Sequence[str], mpp: float | None = None) -> None:
        self.class_names, self.mpp = list(class_names), mpp

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Read one item."""
        item = dict(data)
        pixels = read_rgb(item["image"])
        size = self._size(pixels.shape[:2], item)
        item["image"] = torch.from_numpy(
            np.ascontiguousarray(resample(pixels[None], size[1], size[0])[0].transpose(2, 0, 1))
        )
        if "label" in item:
            mask = read_sound_mask(item["label"], pixels.shape[:2], self.class_names)
            item["label_path"] = item["label"]
            item["label"] = resampled_mask(torch.from_numpy(mask)[None], size)
        return item

    def _size(self, size: Sequence[int], item: Mapping[Hashable, Any]) -> tuple[int, int]:
        if self.mpp is None:
            return int(size[0]), int(size[1])
        if not item.get("mpp"):
            raise CohortError(
                f"image {item['image']} has no mpp",
                f"images are brought to mpp={self.mpp}",
                'add "mpp" to the items of the datalist, or give --mpp None',
            )
        factor = float(item["mpp"]) / float(self.mpp)
        return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def resampled_mask(mask: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Each pixel the class that fills most of it.

    Args:
        mask: uint8 ``[1, H, W]``.
        size: h and w.

    Returns:
        uint8 ``[1, h, w]``.
    """
    if tuple(mask.shape[1:]) == tuple(size):
        return mask
    values = mask.unique()
    share = functional.interpolate(
        (mask == values[:, None, None])[None].float(), list(size), mode="bilinear", antialias=True
    )
    return values[share.argmax(1)]


LoadImageMaskD = LoadImageMaskDict = LoadImageMaskd
