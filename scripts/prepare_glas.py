"""Make slides, or mosaics with planted truth, of the GlaS data set (research only).

python scripts/prepare_glas.py --source ../shared/data/glas --output runs/glas
"""

from __future__ import annotations

from pathlib import Path

import fire
from tqdm import tqdm

from monai_ext.data.glas import GLAS_LICENCE, read_glas, write_glas_slides
from monai_ext.errors import MonaiExtError


def prepare(source: str, output: str) -> None:
    """Write every image as a slide with ``cohort.csv`` and gland masks; existing files stay.

    Args:
        source: the GlaS folder, with ``manifest.csv``, ``images/`` and ``masks/``.
        output: where ``slides/``, ``masks/`` and ``cohort.csv`` go.
    """
    print(GLAS_LICENCE)
    try:
        images = read_glas(str(source))
        folder = Path(str(output))
        for _ in tqdm(write_glas_slides(images, folder), total=len(images), unit="slide"):
            pass
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    print(f"{len(images)} slides and cohort.csv in {folder}")


if __name__ == "__main__":
    fire.Fire(prepare)
