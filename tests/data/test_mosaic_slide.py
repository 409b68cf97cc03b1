"""A mosaic slide shows its images in their places, and its truth covers the malignant one."""

import json

import numpy as np
import openslide
import pytest
from PIL import Image

from monai_ext.data.glas import GlasImage
from monai_ext.data.mosaic_bank import BlockSpec, build_bank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.data.mosaic_slide import write_mosaic_slides
from monai_ext.errors import SettingError
from monai_ext.hashing import file_hash
from monai_ext.networks.encoders import TinyEncoder

SPEC = BlockSpec(mpp=0.62, tile_px=16, num_levels=2, cell_rows=2, cell_cols=3)
RECIPE = MosaicRecipe("one", 0, "test", 1, (2, 2), (0, 1, 2, 0))
COLOURS = [(200, 120, 160), (120, 60, 140), (240, 230, 235)]


@pytest.fixture
def images(tmp_path):
    made = []
    for k, colour in enumerate(COLOURS):
        path, mask = tmp_path / f"{k}.png", tmp_path / f"{k}_mask.png"
        Image.new("RGB", (96, 64), colour).save(path)
        Image.new("1", (96, 64), k == 1).save(mask)
        label = "malignant" if k == 2 else "benign"
        made.append(GlasImage(str(k), str(k), label, path, mask, file_hash(path)))
    return made


@pytest.fixture
def written(images, tmp_path):
    bank = build_bank(images, SPEC, TinyEncoder(), tmp_path / "bank")
    by_name = {image.name: image for image in images}
    assert list(write_mosaic_slides([RECIPE], bank, by_name, SPEC, tmp_path / "out")) == ["one"]
    return tmp_path / "out"


def test_pixels_are_the_images_in_raster_order(written):
    with openslide.OpenSlide(written / "slides" / "one.tif") as slide:
        assert slide.dimensions == (192, 128)
        picture = np.asarray(slide.read_region((0, 0), 0, (192, 128)).convert("RGB"))
    centres = picture[[32, 32, 96, 96], [48, 144, 48, 144]].astype(int)
    np.testing.assert_allclose(centres, [COLOURS[i] for i in RECIPE.images], atol=4)


def test_truth_outlines_the_malignant_image(written):
    text = json.loads((written / "truth" / "one.geojson").read_text())
    (feature,) = text["features"]
    assert feature["geometry"]["coordinates"] == [[[0, 64], [96, 64], [96, 128], [0, 128], [0, 64]]]
    assert feature["properties"]["classification"] == {"name": "malignant"}


def test_glands_lie_where_their_image_lies(written):
    glands = np.asarray(Image.open(written / "truth" / "one_glands.png"))
    assert glands[:64, 96:].all()
    assert glands.sum() == 64 * 96


def test_cohort_names_part_and_label(written):
    table = (written / "cohort.csv").read_text().splitlines()
    assert table == ["slide,patient,label,part", "one,one,malignant,test"]


def test_scattered_mosaics_make_no_slide(images, tmp_path):
    bank = build_bank(images, SPEC, TinyEncoder(), tmp_path / "bank")
    torn = MosaicRecipe("one", 0, "test", 1, (2, 2), (0, 1, 2, 0), scatter_seed=1)
    with pytest.raises(SettingError, match="only whole images make a slide"):
        next(write_mosaic_slides([torn], bank, {}, SPEC, tmp_path / "out"))
