"""Make invented slides with planted truth, for the demo and for tests of whole chains.

python scripts/make_synthetic_slides.py --output runs/synthetic --slides 40 --seed 0
"""

from __future__ import annotations

from pathlib import Path

import fire
from tqdm import tqdm

from monai_ext.data.synthetic import SyntheticSpec, write_synthetic_cohort
from monai_ext.errors import MonaiExtError


def make(output: str, slides: int = 40, seed: int = 0, size_px: int = 4096) -> None:
    """Write slides, ``cohort.csv`` and truth; slides that exist stay.

    Args:
        output: folder.
        slides: how many.
        seed: of all of them.
        size_px: side of a slide at 0.5 um a pixel; tissue grows with it.
    """
    mpp = 0.5
    spec = SyntheticSpec(
        size_px=size_px,
        mpp=mpp,
        blobs=(2, 3),
        blob_um=0.19 * size_px * mpp,
        lesions=(3, 5),
        lesion_um=0.095 * size_px * mpp,
        nuclei_per_mm2=(2200, 2800),
        nucleus_um=(3.2, 3.6),
        stain_spread=2.0,
        grain=40,
    )
    folder = Path(str(output))
    try:
        made = write_synthetic_cohort(spec, slides, seed, folder)
        for _ in tqdm(made, total=slides, unit="slide"):
            pass
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    print(f"{slides} slides, cohort.csv and truth in {folder}")


if __name__ == "__main__":
    fire.Fire(make)
