"""GlaS (Warwick-QU) as a cohort of small slides: 145 colon images, their labels and masks."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.pyramid_tiff import write_pyramid_tiff
from monai_ext.errors import CohortError, SlideError
from monai_ext.hashing import file_hash

GLAS_MPP = 0.62
"""um a pixel: Zeiss MIRAX MIDI at 20x."""
GLAS_LICENCE = "GlaS is for research only: no commercial use, and nothing of it is passed on."
GLAS_CLASSES = ("benign", "malignant")


@dataclass(frozen=True)
class GlasImage:
    """One image of the manifest.

    Args:
        name: file stem.
        patient: patient id; official parts share patients, so split by it.
        label: ``benign`` or ``malignant``.
        image: JPEG path.
        mask: PNG path; gland = 1.
        image_sha256: of the JPEG file.
    """

    name: str
    patient: str
    label: str
    image: Path
    mask: Path
    image_sha256: str

    def read_image(self) -> np.ndarray:
        """Pixels ``[height, width, 3]`` uint8, after checking the file's hash.

        Raises:
            SlideError: if the file is not the one of the manifest.
        """
        from PIL import Image

        if file_hash(self.image) != self.image_sha256:
            raise SlideError(
                f"{self.image} differs from its manifest",
                "the image's sha256 is the manifest's image_sha256",
                "copy the data set again",
            )
        return np.asarray(Image.open(self.image).convert("RGB"))

    def read_mask(self) -> np.ndarray:
        """Glands ``[height, width]`` bool."""
        from PIL import Image

        return np.asarray(Image.open(self.mask).convert("1"))


def read_glas(source: Path | str) -> list[GlasImage]:
    """Read the manifest of a GlaS folder (``manifest.csv``, ``images/``, ``masks/``).

    Raises:
        CohortError: if the folder, the manifest, a column or a file is missing; all missing
            files are named.
    """
    source = Path(source)
    manifest = source / "manifest.csv"
    if not manifest.is_file():
        raise CohortError(
            f"{manifest} not found",
            "GlaS is a folder with manifest.csv, images/ and masks/",
            "give the folder with --source",
        )
    with manifest.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    wanted = {"name", "patient_id", "label", "image_sha256"}
    if not rows or not wanted <= rows[0].keys():
        raise CohortError(
            f"{manifest} has the columns {sorted(rows[0]) if rows else []}",
            f"it has at least {sorted(wanted)}",
            "take the data set's own manifest",
        )
    images = [_from_row(source, row) for row in rows]
    missing = [str(p) for i in images for p in (i.image, i.mask) if not p.is_file()]
    if missing:
        raise CohortError(
            f"missing: {', '.join(missing)}",
            "each row of the manifest has its image and mask",
            "copy the data set again",
        )
    return images


def write_glas_slides(images: list[GlasImage], output: Path | str) -> Iterator[str]:
    """Write ``slides/NAME.tif``, ``masks/NAME.png`` and, last, ``cohort.csv``.

    Slides are JPEG of quality 95, 4:4:4, at 0.62 um a pixel. Files that exist are kept.

    Yields:
        The name of each image when it is done.
    """
    output = Path(output)
    for image in images:
        slide = output / "slides" / f"{image.name}.tif"
        if not slide.exists():
            pixels = image.read_image()
            size = (pixels.shape[1], pixels.shape[0])
            write_pyramid_tiff(slide, pixels, size, mpp=GLAS_MPP, quality=95)
        mask = output / "masks" / f"{image.name}.png"
        if not mask.exists():
            with write_atomically(mask) as partial:
                shutil.copyfile(image.mask, partial)
        yield image.name
    with write_atomically(output / "cohort.csv") as partial, partial.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["slide", "patient", "label"])
        writer.writerows((i.name, i.patient, i.label) for i in images)


def _from_row(source: Path, row: dict[str, str]) -> GlasImage:
    name = row["name"]
    if row["label"] not in GLAS_CLASSES:
        raise CohortError(
            f"label {row['label']!r} of {name}", f"labels are {GLAS_CLASSES}", "mend the manifest"
        )
    return GlasImage(
        name=name,
        patient=row["patient_id"],
        label=row["label"],
        image=source / "images" / f"{name}.jpg",
        mask=source / "masks" / f"{name}.png",
        image_sha256=row["image_sha256"],
    )
