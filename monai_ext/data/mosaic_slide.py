"""Mosaics as slides: the pixels behind the bags, with the malignant area as truth."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.glas import GLAS_CLASSES, GLAS_MPP, GlasImage
from monai_ext.data.mosaic_bank import BlockSpec, MosaicBank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.data.pyramid_tiff import write_pyramid_tiff
from monai_ext.data.truth_files import Outline, write_mask, write_outlines
from monai_ext.errors import SettingError


def write_mosaic_slides(
    recipes: Sequence[MosaicRecipe],
    bank: MosaicBank,
    images: Mapping[str, GlasImage],
    spec: BlockSpec,
    output: Path | str,
) -> Iterator[str]:
    """Write ``slides/``, ``truth/`` (malignant area, glands) and ``cohort.csv`` of mosaics.

    The tile grid of ``spec`` falls on whole images, so extracting features of such a slide
    gives the bank's features but for the JPEG. Slides that exist are kept.

    Args:
        recipes: not scattered; tiles torn out of their place make no picture.
        bank: names and labels of the images.
        images: by name.
        spec: as the bank was made.
        output: folder.

    Yields:
        The name of each slide when it is done.

    Raises:
        SettingError: for scattered mosaics.
    """
    if any(recipe.scatter_seed is not None for recipe in recipes):
        raise SettingError(
            "scattered mosaics", "only whole images make a slide", "leave out --scattered"
        )
    output = Path(output)
    height, width = spec.size_px
    for recipe in recipes:
        slide = output / "slides" / f"{recipe.slide}.tif"
        if not slide.exists():
            size = (recipe.grid[1] * width, recipe.grid[0] * height)
            blocks = [images[bank.names[i]] for i in recipe.images]
            glands = [spec.cut(block.read_mask(), GLAS_MPP) for block in blocks]
            write_mask(output / "truth" / f"{recipe.slide}_glands.png", _join(glands, recipe.grid))
            outlines = malignant_outlines(recipe, bank.labels, spec)
            write_outlines(output / "truth" / f"{recipe.slide}.geojson", outlines, "malignant")
            pixels = [spec.cut(block.read_image(), GLAS_MPP) for block in blocks]
            joined = _join(pixels, recipe.grid)
            write_pyramid_tiff(slide, joined, size, mpp=spec.mpp, quality=95)
        yield recipe.slide
    with write_atomically(output / "cohort.csv") as partial, partial.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["slide", "patient", "label", "part"])
        writer.writerows((r.slide, r.slide, GLAS_CLASSES[r.label], r.part) for r in recipes)


def malignant_outlines(
    recipe: MosaicRecipe, labels: Sequence[int], spec: BlockSpec
) -> list[Outline]:
    """Rectangles of the malignant images in level-0 pixels."""
    height, width = spec.size_px
    outlines: list[Outline] = []
    for place, image in enumerate(recipe.images):
        if labels[image]:
            top, left = place // recipe.grid[1] * height, place % recipe.grid[1] * width
            right, bottom = left + width, top + height
            outlines.append([(left, top), (right, top), (right, bottom), (left, bottom)])
    return outlines


def _join(blocks: Sequence[np.ndarray | None], grid: tuple[int, int]) -> np.ndarray:
    """Blocks in raster order as one picture."""
    stacked = np.stack([block for block in blocks if block is not None])
    rows = stacked.reshape(*grid, *stacked.shape[1:])
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)
