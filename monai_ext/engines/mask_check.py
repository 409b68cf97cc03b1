"""Look at every image and mask of a run before its first step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from monai_ext.data.labelled_subset import require_classes
from monai_ext.data.mask_image import mask_problem, read_mask
from monai_ext.data.problems import raise_all
from monai_ext.data.segmentation_datalist import SegmentationDatalist
from monai_ext.errors import SlideError
from monai_ext.ops.balanced_pixels import IGNORED
from monai_ext.wsi.rgb_image import read_rgb

_PARTS = ("training", "unlabelled", "validation")


def check_masks(split: SegmentationDatalist) -> None:
    """Refuse images that are not 8-bit RGB, masks that do not fit, classes that none shows.

    Test images are looked at when they are evaluated; masks of unlabelled images never.

    Raises:
        CohortError: with the full list.
    """
    problems: list[str] = []
    shown: dict[str, list[int]] = {}
    items = [(part, item) for part in _PARTS for item in split.part(part)]
    for part, item in tqdm(items, desc="images and masks", unit="image", disable=None):
        values, problem = _looked_at(item, split.class_names)
        problems += [f"{part}: {problem}"] * (problem is not None)
        if part == "training":
            shown[item["slide"]] = values
    raise_all(
        f"datalist {split.path}",
        problems,
        f"an image is 8-bit RGB, its mask has its size and classes 0 to {split.num_classes - 1}",
        "mend or export them again",
    )
    require_classes(list(shown), shown, split.class_names)


def _looked_at(item: Mapping[str, Any], class_names: Sequence[str]) -> tuple[list[int], str | None]:
    try:
        size = read_rgb(item["image"]).shape[:2]
        if "label" not in item:
            return [], None
        mask = read_mask(item["label"])
    except SlideError as error:
        return [], f"{item['slide']!r}: {error.found}"
    problem = mask_problem(mask, (size[0], size[1]), class_names)
    values = [int(v) for v in np.unique(mask) if v != IGNORED]
    return values, None if problem is None else f"{item['slide']!r}: {problem}"
