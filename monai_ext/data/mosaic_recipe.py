"""Which image lies where in a mosaic: drawn once, written as JSON, the same for all methods."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.errors import CohortError, SettingError

MOSAIC_GRIDS = {12: (3, 4), 24: (4, 6)}
"""Rows and columns of images by their number."""
MIN_SHARE = 0.35
"""Of the images of each class, in each half of the patients."""


@dataclass(frozen=True)
class MosaicRecipe:
    """One mosaic.

    Args:
        slide: its name.
        draw: number of the draw.
        part: ``training`` or ``test``; no patient is in both parts of a draw.
        label: 1 if a malignant image is in it.
        grid: rows and columns of images.
        images: indices into the bank, in raster order.
        scatter_seed: None, or the seed by which the tiles of each level change places.
    """

    slide: str
    draw: int
    part: str
    label: int
    grid: tuple[int, int]
    images: tuple[int, ...]
    scatter_seed: int | None = None


@dataclass(frozen=True)
class MosaicPlan:
    """What a set of draws is made of.

    Args:
        num_images: images of a mosaic, 12 or 24.
        num_malignant: malignant ones in a positive mosaic; a negative one has none.
        num_slides: mosaics of each part of a draw, half of them positive.
        is_scattered: tiles of each level change places at random over the whole mosaic.
        seed: of all draws.
    """

    num_images: int
    num_malignant: int
    num_slides: int
    is_scattered: bool
    seed: int = 0

    def __post_init__(self) -> None:
        if self.num_images not in MOSAIC_GRIDS:
            raise SettingError(
                f"a mosaic of {self.num_images} images",
                f"it has one of {sorted(MOSAIC_GRIDS)}",
                "choose one of these",
            )
        if not 1 <= self.num_malignant <= self.num_images:
            raise SettingError(
                f"{self.num_malignant} malignant images",
                f"a positive mosaic has 1 to {self.num_images}",
                "choose a number in this range",
            )


def draw_mosaics(
    plan: MosaicPlan, draw: int, patients: Sequence[str], labels: Sequence[int]
) -> list[MosaicRecipe]:
    """Split the patients in two halves at random and compose both parts of one draw.

    A split is drawn again until each part has at least ``MIN_SHARE`` of the images of each
    class, and enough of both for one mosaic. Within a mosaic no image repeats; over the
    mosaics of a part they do. Scattering changes nothing in the composition, so the
    same draw with and without it holds the same tiles.

    Args:
        plan: what to make.
        draw: number of the draw; it decides everything else.
        patients: ``[I]`` patient of each image of the bank.
        labels: ``[I]`` 1 = malignant.

    Raises:
        CohortError: if no split of the patients is good enough.
    """
    rng = np.random.default_rng([plan.seed, draw])
    table = np.asarray(patients), np.asarray(labels)
    parts = _split_patients(rng, plan, *table)
    return [
        recipe
        for part, members in zip(("training", "test"), parts, strict=True)
        for recipe in _compose(rng, plan, draw, part, members, table[1])
    ]


def write_recipes(path: Path | str, plan: MosaicPlan, recipes: Sequence[MosaicRecipe]) -> Path:
    """Write a plan and its mosaics as JSON."""
    text = {"plan": asdict(plan), "mosaics": [asdict(recipe) for recipe in recipes]}
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(text))
    return Path(path)


def read_recipes(path: Path | str) -> tuple[MosaicPlan, list[MosaicRecipe]]:
    """Read what :func:`write_recipes` wrote."""
    text = json.loads(Path(path).read_text())
    recipes = [
        MosaicRecipe(**row | {"grid": tuple(row["grid"]), "images": tuple(row["images"])})
        for row in text["mosaics"]
    ]
    return MosaicPlan(**text["plan"]), recipes


def _split_patients(
    rng: np.random.Generator, plan: MosaicPlan, patients: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the images of each part."""
    names = np.unique(patients)
    for _ in range(1000):
        chosen = rng.permutation(names)[: len(names) // 2]
        is_first = np.isin(patients, chosen)
        parts = np.flatnonzero(is_first), np.flatnonzero(~is_first)
        if all(_is_enough(plan, labels[part], labels) for part in parts):
            return parts
    raise CohortError(
        f"{len(names)} patients cannot be split in two",
        f"each half needs {MIN_SHARE:.0%} of the images of each class, {plan.num_images} benign",
        "use smaller mosaics or more images",
    )


def _is_enough(plan: MosaicPlan, labels: np.ndarray, everything: np.ndarray) -> bool:
    count, total = np.bincount(labels, minlength=2), np.bincount(everything, minlength=2)
    needed = plan.num_images, plan.num_malignant
    return bool((count >= needed).all() and (count >= MIN_SHARE * total).all())


def _compose(
    rng: np.random.Generator,
    plan: MosaicPlan,
    draw: int,
    part: str,
    members: np.ndarray,
    labels: np.ndarray,
) -> list[MosaicRecipe]:
    benign, malignant = members[labels[members] == 0], members[labels[members] == 1]
    recipes = []
    for k in range(plan.num_slides):
        positive = plan.num_malignant if k % 2 else 0
        chosen = np.concatenate(
            [
                rng.choice(benign, plan.num_images - positive, replace=False),
                rng.choice(malignant, positive, replace=False),
            ]
        )
        images = tuple(int(i) for i in rng.permutation(chosen))
        seed = int(rng.integers(2**31))
        recipes.append(
            MosaicRecipe(
                slide=f"draw{draw:03d}_{part}_{k:03d}",
                draw=draw,
                part=part,
                label=k % 2,
                grid=MOSAIC_GRIDS[plan.num_images],
                images=images,
                scatter_seed=seed if plan.is_scattered else None,
            )
        )
    return recipes
