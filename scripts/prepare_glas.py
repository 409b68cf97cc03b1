"""Make slides, mosaics or segmentation datalists of the GlaS data set (research only).

python scripts/prepare_glas.py --source ../shared/data/glas --output runs/glas
python scripts/prepare_glas.py --source ../shared/data/glas --output runs/glas_mosaics \
    --mosaic 12 --malignant 1 [--scattered True] [--as_slides 4]
python scripts/prepare_glas.py --source ../shared/data/glas --output runs/glas --segmentation
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import fire
from tqdm import tqdm

from monai_ext.data.glas import GLAS_LICENCE, GlasImage, read_glas, write_glas_slides
from monai_ext.data.glas_segmentation import official_split, patient_split
from monai_ext.data.mosaic_bank import BlockSpec, build_bank
from monai_ext.data.mosaic_recipe import MosaicPlan, draw_mosaics, write_recipes
from monai_ext.data.mosaic_slide import write_mosaic_slides
from monai_ext.data.segmentation_splits import write_labelled_subsets
from monai_ext.errors import MonaiExtError
from monai_ext.flags import as_bool
from monai_ext.networks.encoders import build_patch_encoder

SPEC = BlockSpec(mpp=0.5, tile_px=80, num_levels=3, cell_rows=2, cell_cols=3)


def prepare(  # noqa: PLR0913, PLR0917
    source: str,
    output: str,
    mosaic: int | None = None,
    malignant: int = 1,
    scattered: bool = False,  # noqa: FBT001, FBT002
    draws: int = 16,
    first_draw: int = 0,
    slides: int = 60,
    as_slides: int = 0,
    seed: int = 0,
    encoder: str = "efficientnet_lite0",
    input_px: int = 128,
    segmentation: bool = False,  # noqa: FBT001, FBT002
) -> None:
    """Write every image as a slide, or mosaics, or segmentation datalists; what exists stays.

    Args:
        source: the GlaS folder, with ``manifest.csv``, ``images/`` and ``masks/``.
        output: where ``slides/``, ``masks/`` and ``cohort.csv`` go; for mosaics ``bank/`` and
            the recipes.
        mosaic: images of a mosaic, 12 or 24; none: no mosaics.
        malignant: malignant images in a positive mosaic.
        scattered: tiles change places over the whole mosaic, the negative control.
        draws: splits of the patients.
        first_draw: number of the first; 100 and above are for choosing settings.
        slides: mosaics of each part (training, test) of a draw.
        as_slides: so many mosaics of the first draw become slides with truth.
        seed: of all draws.
        encoder: of the bank.
        input_px: side to which the encoder resizes the tiles of 80 px.
        segmentation: write OUTPUT/segmentation/{official,patient}_{005,010,020,050,078}.json, which
            name the images and masks of the source.
    """
    print(GLAS_LICENCE)
    try:
        images = read_glas(str(source))
        folder = Path(str(output))
        if as_bool(segmentation):
            for split in (official_split(images, seed), patient_split(images, seed)):
                paths = write_labelled_subsets(split, folder / "segmentation", seed=seed)
                print(f"{len(paths)} datalists: {paths[0]} to {paths[-1].name}")
            return
        if mosaic is None:
            _run(write_glas_slides(images, folder), len(images), "slide")
            print(f"{len(images)} slides and cohort.csv in {folder}")
            return
        plan = MosaicPlan(mosaic, malignant, slides, as_bool(scattered), seed)
        net = build_patch_encoder(encoder, input_px=input_px)
        bank = build_bank(tqdm(images, unit="image"), SPEC, net, folder / "bank")
        numbers = range(first_draw, first_draw + draws)
        recipes = [r for n in numbers for r in draw_mosaics(plan, n, bank.patients, bank.labels)]
        name = f"mosaic{mosaic}_malignant{malignant}{'_scattered' if plan.is_scattered else ''}"
        path = folder / f"{name}_draw{first_draw}.json"
        print(f"{len(recipes)} mosaics in {write_recipes(path, plan, recipes)}")
        if as_slides:
            by_name: dict[str, GlasImage] = {image.name: image for image in images}
            made = write_mosaic_slides(recipes[:as_slides], bank, by_name, SPEC, folder / name)
            _run(made, as_slides, "slide")
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None


def _run(steps: Iterable[object], total: int, unit: str) -> None:
    for _ in tqdm(steps, total=total, unit=unit):
        pass


if __name__ == "__main__":
    fire.Fire(prepare)
