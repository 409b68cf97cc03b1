"""Blocks are the middle of an image at the finest mpp; a bank remembers what it is made of."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.glas import GlasImage
from monai_ext.data.mosaic_bank import BlockSpec, build_bank, read_bank
from monai_ext.errors import FeatureError
from monai_ext.hashing import file_hash
from monai_ext.networks.encoders import TinyEncoder

SPEC = BlockSpec(mpp=0.5, tile_px=8, num_levels=3, cell_rows=2, cell_cols=3)


def write_image(folder: Path, name: str, pixels: np.ndarray, label: str) -> GlasImage:
    image, mask = folder / f"{name}.png", folder / f"{name}_mask.png"
    Image.fromarray(pixels).save(image)
    glands = np.zeros(pixels.shape[:2], dtype=bool)
    glands[:, : pixels.shape[1] // 2] = True
    Image.fromarray(glands).save(mask)
    return GlasImage(name, "7", label, image, mask, file_hash(image))


@pytest.fixture
def images(tmp_path, np_rng):
    """Two images of 78 x 53 px at 0.62 um, which is 97 x 66 at 0.5; one that is too low."""
    shapes = [(53, 78), (45, 78), (53, 78)]
    pixels = [np_rng.integers(0, 255, (*shape, 3), dtype=np.uint8) for shape in shapes]
    labels = ["benign", "benign", "malignant"]
    named = zip("abc", pixels, labels, strict=True)
    return [write_image(tmp_path, name, image, label) for name, image, label in named]


def test_glas_images_fill_blocks_of_three_by_two_coarsest_tiles():
    spec = BlockSpec(mpp=0.5, tile_px=80, num_levels=3, cell_rows=2, cell_cols=3)
    assert spec.cut(np.zeros((522, 775, 3), np.uint8), 0.62).shape == (640, 960, 3)
    assert spec.cut(np.zeros((442, 581, 3), np.uint8), 0.62) is None
    assert [np.prod(spec.shape(level)) for level in range(3)] == [96, 24, 6]


def test_cut_takes_the_middle():
    picture = np.zeros((64 + 20, 96 + 40, 3), dtype=np.uint8)
    picture[10:-10, 20:-20] = 200
    assert SPEC.cut(picture, 0.5).min() == 200


def test_bank_holds_large_images_in_order(images, tmp_path):
    bank = build_bank(images, SPEC, TinyEncoder(), tmp_path / "bank")
    assert (bank.names, bank.labels, bank.patients) == (["a", "c"], [0, 1], ["7", "7"])
    assert [f.shape for f in bank.features] == [(2, 96, 16), (2, 24, 16), (2, 6, 16)]


def test_features_are_those_of_the_tile_at_its_level(images, tmp_path):
    encoder = TinyEncoder()
    bank = build_bank(images, SPEC, encoder, tmp_path / "bank")
    block = SPEC.cut(images[2].read_image(), 0.62)
    coarse = block.reshape(32, 2, 48, 2, 3).mean(axis=(1, 3))
    tile = np.floor(coarse[8:16, 16:24] + 0.5).astype(np.uint8)  # row 1, column 2 of 6
    np.testing.assert_allclose(bank.features[1][1, 8], encoder.encode(tile[None])[0], rtol=1e-5)


def test_gland_shares_agree_between_levels(images, tmp_path):
    bank = build_bank(images, SPEC, TinyEncoder(), tmp_path / "bank")
    fine = bank.glands[0].reshape(2, 8, 12)[0, 3]  # the edge lies 0.4 px past the middle
    np.testing.assert_allclose(fine, [1.0] * 6 + [0.125] + [0.0] * 5)
    np.testing.assert_allclose(bank.glands[2].mean(), bank.glands[0].mean())
    coarse = bank.glands[2].reshape(2, 2, 3)[0, 1]
    np.testing.assert_allclose(coarse, [1.0, 0.5 + 1 / 32, 0.0])


def test_finished_bank_is_read_not_made_again(images, tmp_path):
    build_bank(images, SPEC, TinyEncoder(), tmp_path / "bank")
    again = build_bank([], SPEC, TinyEncoder(), tmp_path / "bank")
    assert again.names == ["a", "c"]


def test_bank_of_another_encoder_is_refused(images, tmp_path):
    build_bank(images, SPEC, TinyEncoder(), tmp_path / "bank")
    with pytest.raises(FeatureError, match="holds a bank of"):
        build_bank(images, SPEC, TinyEncoder(seed=1), tmp_path / "bank")


def test_missing_bank_says_how_to_make_it(tmp_path):
    with pytest.raises(FeatureError, match=r"run scripts/prepare_glas\.py with --mosaic"):
        read_bank(tmp_path)
