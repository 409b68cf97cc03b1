"""From images with masks to datalists with nested labelled subsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.data.labelled_subset import labelled_count, labelled_order, require_classes
from monai_ext.data.mask_image import read_mask
from monai_ext.data.segmentation_datalist import write_segmentation_datalist
from monai_ext.ops.balanced_pixels import IGNORED

LABELLED_RATIOS = (0.05, 0.1, 0.2, 0.5, 0.78)


@dataclass(frozen=True)
class SegmentationSplit:
    """Images by part, before some of them lose their masks.

    Attributes:
        name: begin of the files' names.
        training: items with ``image, label, slide, patient, group``; the group (grade, centre)
            only spreads the labelled images and is not written.
        validation: likewise.
        test: likewise.
        class_names: background first.
        patients_shared: see :class:`~monai_ext.data.SegmentationDatalist`.
    """

    name: str
    training: Sequence[Mapping[str, Any]]
    validation: Sequence[Mapping[str, Any]]
    test: Sequence[Mapping[str, Any]]
    class_names: Sequence[str]
    patients_shared: str | None = None


def write_labelled_subsets(
    split: SegmentationSplit,
    folder: Path | str,
    *,
    ratios: Sequence[float] = LABELLED_RATIOS,
    unlabelled: Sequence[Mapping[str, Any]] = (),
    seed: int = 0,
) -> list[Path]:
    """Write ``NAME_005.json``, ``NAME_010.json`` ...: the same parts, more and more masks.

    Args:
        split: images by part.
        folder: where the files go.
        ratios: labelled images of the training part; the subsets are nested.
        unlabelled: images that never had a mask, in every list.
        seed: of the choice.

    Raises:
        CohortError: if a subset does not show every class.
        SlideError: if a mask cannot be read.
    """
    items = {str(item["slide"]): item for item in split.training}
    shown = {name: classes_shown(item["label"]) for name, item in items.items()}
    groups = {name: str(item.get("group", "")) for name, item in items.items()}
    order = labelled_order(groups, shown, seed)
    paths = []
    for ratio in ratios:
        chosen = set(order[: labelled_count(len(order), ratio)])
        require_classes(sorted(chosen), shown, split.class_names)
        parts = {
            "training": [_without(item, "group") for n, item in items.items() if n in chosen],
            "unlabelled": [
                *(_without(item, "group", "label") for n, item in items.items() if n not in chosen),
                *unlabelled,
            ],
            "validation": [_without(item, "group") for item in split.validation],
            "test": [_without(item, "group") for item in split.test],
        }
        path = Path(folder) / f"{split.name}_{round(100 * ratio):03d}.json"
        facts = {"seed": seed, "labelled_ratio": ratio, "patients_shared": split.patients_shared}
        paths.append(write_segmentation_datalist(path, parts, split.class_names, **facts))
    return paths


def classes_shown(mask: Path | str) -> list[int]:
    """Classes that have a pixel in a mask file."""
    return [int(value) for value in np.unique(read_mask(mask)) if value != IGNORED]


def _without(item: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in keys}
