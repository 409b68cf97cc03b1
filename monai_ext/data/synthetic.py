"""Slides with planted truth: tissue-like pictures whose label sits at one magnification."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.invented import INVENTED
from monai_ext.data.pyramid_tiff import write_pyramid_tiff
from monai_ext.data.synthetic_nuclei import scattered_places
from monai_ext.data.synthetic_outline import draw_lesions, draw_tissue
from monai_ext.data.synthetic_stain import (
    draw_stain,
    nucleus_stamps,
    paint_stroma,
    stamp_grain,
    stamp_nuclei,
)
from monai_ext.data.truth_files import Outline, outlines_mask, write_mask, write_outlines

SYNTHETIC_CLASSES = ("normal", "lesion")
_MASK_DOWNSAMPLE = 8


@dataclass(frozen=True)
class SyntheticSpec:
    """What invented slides look like.

    Slides of label ``lesion`` hold lesions, in which nuclei have salt-and-pepper chromatin.
    Number, size and place of nuclei, stroma and stain come from the same distributions in and
    out of lesions, and the grain cancels in every 2 x 2 block of pixels: the label is at full
    magnification only, and from half of it on the slides are the same to any method. Resampling
    before encoding (a grid that does not fall on whole pixels, an encoder that resizes) weakens
    it.

    Args:
        size_px: side of a slide.
        mpp: um a pixel.
        blobs: least and most pieces of tissue, 1 to 4.
        blob_um: radius of a piece, about.
        lesions: least and most lesions of a positive slide.
        lesion_um: radius of a lesion, about.
        nuclei_per_mm2: least and most.
        nucleus_um: least and most radius of nuclei, of a slide's mean.
        stain_spread: deviation of a slide's colours, grey levels.
        grain: strength of the chromatin in lesions, grey levels, a multiple of 4.
    """

    size_px: int
    mpp: float
    blobs: tuple[int, int]
    blob_um: float
    lesions: tuple[int, int]
    lesion_um: float
    nuclei_per_mm2: tuple[float, float]
    nucleus_um: tuple[float, float]
    stain_spread: float
    grain: int


class SyntheticSlide(NamedTuple):
    """A picture and its truth."""

    pixels: np.ndarray
    """``[size_px, size_px, 3]`` uint8."""
    tissue: list[Outline]
    """In level-0 pixels."""
    lesions: list[Outline]
    """Empty on a normal slide."""


def paint_slide(
    spec: SyntheticSpec, rng: np.random.Generator, *, has_lesions: bool
) -> SyntheticSlide:
    """Paint one slide.

    Args:
        spec: what it looks like.
        rng: decides the rest.
        has_lesions: its label.
    """
    size = (spec.size_px, spec.size_px)
    count = int(rng.integers(spec.blobs[0], spec.blobs[1] + 1))
    tissue = draw_tissue(rng, spec.size_px, count, spec.blob_um / spec.mpp)
    wanted = int(rng.integers(spec.lesions[0], spec.lesions[1] + 1)) if has_lesions else 0
    lesions = draw_lesions(rng, tissue, wanted, spec.lesion_um / spec.mpp)
    stain = draw_stain(rng, spec.stain_spread)
    pixels = paint_stroma(rng, size, stain)
    radius = rng.uniform(*spec.nucleus_um) / spec.mpp
    density = rng.uniform(*spec.nuclei_per_mm2) * (spec.mpp / 1000) ** 2
    places = scattered_places(rng, size, int(density * spec.size_px**2), radius * 2.4)
    places = places[_inside(places, tissue, size)]
    stamp_nuclei(pixels, places, nucleus_stamps(rng, radius), stain.nucleus, rng)
    _cover_with_glass(pixels, outlines_mask(tissue, size, _MASK_DOWNSAMPLE), stain.glass)
    planted = places[_inside(places, lesions, size)]
    stamp_grain(pixels, planted, radius, spec.grain, rng)
    return SyntheticSlide(pixels, tissue, lesions)


def write_synthetic_cohort(
    spec: SyntheticSpec, num_slides: int, seed: int, output: Path | str
) -> Iterator[str]:
    """Write ``slides/``, ``truth/`` and, last, ``cohort.csv``; slides that exist are kept.

    A patient has one or two slides of one label; labels of patients alternate. Slide k depends
    on ``seed`` and k only. Truth of a slide: ``NAME.geojson`` (lesions, in level-0 pixels) and
    ``NAME.png`` (the same as a mask, an eighth of the slide's size).

    Yields:
        The name of each slide when it is done.
    """
    output = Path(output)
    rows = _patients(num_slides, np.random.default_rng([seed]))
    for k, (name, _, label) in enumerate(rows):
        path = output / "slides" / f"{name}.tif"
        if not path.exists():
            has_lesions = label == SYNTHETIC_CLASSES[1]
            slide = paint_slide(spec, np.random.default_rng([seed, k]), has_lesions=has_lesions)
            size = (spec.size_px, spec.size_px)
            write_outlines(output / "truth" / f"{name}.geojson", slide.lesions, "lesion")
            mask = outlines_mask(slide.lesions, size, _MASK_DOWNSAMPLE)
            write_mask(output / "truth" / f"{name}.png", mask)
            write_pyramid_tiff(
                path, slide.pixels, size, mpp=spec.mpp, quality=90, description=INVENTED
            )
        yield name
    with write_atomically(output / "cohort.csv") as partial, partial.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["slide", "patient", "label"])
        writer.writerows(rows)


def _patients(num_slides: int, rng: np.random.Generator) -> list[tuple[str, str, str]]:
    """Slide, patient and label; every second patient has lesions."""
    rows: list[tuple[str, str, str]] = []
    patient = 0
    while len(rows) < num_slides:
        for _ in range(min(int(rng.integers(1, 3)), num_slides - len(rows))):
            slide = f"synthetic_{len(rows):03d}"
            rows.append((slide, f"patient_{patient:03d}", SYNTHETIC_CLASSES[patient % 2]))
        patient += 1
    return rows


def _inside(places: np.ndarray, outlines: list[Outline], size: tuple[int, int]) -> np.ndarray:
    """Which places lie in an outline, to the nearest mask pixel."""
    mask = outlines_mask(outlines, size, _MASK_DOWNSAMPLE)
    column, row = (places // _MASK_DOWNSAMPLE).astype(int).T
    return mask[row, column]


def _cover_with_glass(pixels: np.ndarray, tissue: np.ndarray, glass: int) -> None:
    """Blend everything outside the tissue into empty glass, in place."""
    from PIL import Image

    soft = (
        Image.fromarray(tissue).convert("L").resize(pixels.shape[1::-1], Image.Resampling.BILINEAR)
    )
    for top in range(0, len(pixels), 256):
        share = np.asarray(soft)[top : top + 256, :, None].astype(np.uint16)
        band = pixels[top : top + 256]
        band[:] = (band * share + np.uint16(glass) * (255 - share) + 127) // 255
