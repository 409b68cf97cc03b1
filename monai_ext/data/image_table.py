"""From a table of images and masks to the parts of a segmentation split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.data.csv_table import read_table
from monai_ext.data.problems import raise_all
from monai_ext.data.segmentation_splits import SegmentationSplit
from monai_ext.errors import CohortError

_COLUMNS = ("image", "mask", "patient")
_TESTED = ("validation", "test")


def read_image_table(path: Path | str) -> list[dict[str, Any]]:
    """Items of a CSV with columns ``image``, ``mask``, ``patient``.

    Paths are relative to the table; an empty mask is an unlabelled image. Further columns: ``mpp``
    (um a pixel), ``group`` (grade, centre: labelled subsets hold their share of each), ``part``.

    Raises:
        CohortError: with the full list: no patient, no file, an image twice, an mpp that is none.
    """
    path = Path(path)
    rows = read_table(path, _COLUMNS)
    problems: list[str] = []
    items = [_item(row, path.resolve().parent, problems) for row in rows]
    names = [item["slide"] for item in items]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [f"image name {name!r} is there twice" for name in twice]
    raise_all(
        f"table {path}",
        problems,
        "a row has an image, its mask or nothing, and its patient; names are not repeated",
        "mend the table",
    )
    return items


def split_image_table(
    items: Sequence[dict[str, Any]],
    class_names: Sequence[str],
    *,
    name: str = "split",
    test: float = 0.2,
    validation: float = 0.15,
    seed: int = 0,
) -> tuple[SegmentationSplit, list[dict[str, Any]]]:
    """Draw test and validation patients; what they have without mask is left out.

    Args:
        items: see :func:`read_image_table`. Where a row has a ``part``, all rows do, and nothing
            is drawn.
        class_names: background first.
        name: begin of the datalists' names.
        test: share of the patients with masks.
        validation: share of the rest.
        seed: of the draw.

    Returns:
        The split of the images with masks, and the unlabelled images of its training patients.

    Raises:
        CohortError: if a share is out of range, or patients do not suffice.
    """
    masked = [item for item in items if "label" in item]
    given = _given_parts(items)
    patients = sorted({item["patient"] for item in masked})
    if not given:
        drawn = _draw(patients, test, validation, seed)
        given = {p: part for part, chosen in drawn.items() for p in chosen}
    parts: dict[str, list[dict[str, Any]]] = {"training": [], "validation": [], "test": []}
    for item in masked:
        part = given.get(item["patient"], "training")
        parts.setdefault(part, []).append({k: v for k, v in item.items() if k != "part"})
    if set(parts) - {"training", *_TESTED} or not parts["training"]:
        raise CohortError(
            f"parts {sorted(parts)}, {len(parts['training'])} labelled training images",
            "a part is training, validation or test, and there are masks to train on",
            "mend the column part, or lower --test and --validation",
        )
    held_out = {i["patient"] for part in _TESTED for i in parts[part]}
    bare = [
        {k: v for k, v in item.items() if k not in ("part", "group")}
        for item in items
        if "label" not in item and item["patient"] not in held_out
    ]
    return SegmentationSplit(name=name, class_names=class_names, **parts), bare  # pyright: ignore[reportArgumentType]


def _item(row: dict[str, str], folder: Path, problems: list[str]) -> dict[str, Any]:
    image = folder / row["image"]
    item: dict[str, Any] = {"image": str(image), "slide": image.stem, "patient": row["patient"]}
    if row["mask"]:
        item["label"] = str(folder / row["mask"])
    if not row["patient"]:
        problems.append(f"{row['image']} has no patient")
    missing = [
        str(item[key])
        for key in ("image", "label")
        if key in item and not Path(item[key]).is_file()
    ]
    problems += [f"no file {file}" for file in missing]
    item |= {key: row[key] for key in ("group", "part") if row.get(key)}
    if row.get("mpp"):
        try:
            item["mpp"] = float(row["mpp"])
        except ValueError:
            problems.append(f"{row['image']} has mpp {row['mpp']!r}")
    return item


def _given_parts(items: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Part of each patient, as the table has it."""
    found: dict[str, set[str]] = {}
    for item in items:
        if item.get("part"):
            found.setdefault(item["patient"], set()).add(item["part"])
    raise_all(
        "the table's column part",
        [f"patient {p!r} is in {' and '.join(sorted(q))}" for p, q in found.items() if len(q) > 1],
        "a patient is in one part",
        "mend the column part",
    )
    return {patient: parts.pop() for patient, parts in found.items()}


def _draw(
    patients: Sequence[str], test: float, validation: float, seed: int
) -> dict[str, list[str]]:
    if not (0 <= test < 1 and 0 <= validation < 1):
        raise CohortError(
            f"test={test}, validation={validation}", "shares are 0 up to 1", "try 0.2 and 0.15"
        )
    order = [str(p) for p in np.random.default_rng(seed).permutation(list(patients))]
    n_test = max(1, round(test * len(order))) if test else 0
    n_validation = max(1, round(validation * (len(order) - n_test))) if validation else 0
    if n_test + n_validation >= len(order):
        raise CohortError(
            f"{len(order)} patients with masks",
            f"{n_test} are tested, {n_validation} validated, and one is trained on",
            "masks of more patients, or --validation 0",
        )
    return {"test": order[:n_test], "validation": order[n_test : n_test + n_validation]}
