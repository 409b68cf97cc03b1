"""Pictures that are 8-bit RGB, or harmlessly become it; others are refused."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.errors import SlideError
from monai_ext.wsi.rgb_image import read_rgb


@pytest.fixture
def pixels(np_rng):
    return np_rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)


def test_pixels_come_as_they_are_stored(tmp_path, pixels):
    for name in ("a.png", "a.tif", "a.bmp"):
        Image.fromarray(pixels).save(tmp_path / name)
        found = read_rgb(tmp_path / name)
        np.testing.assert_array_equal(found, pixels)
        found[0] = 0  # it may be written to


def test_an_opaque_alpha_is_dropped_and_a_palette_is_looked_up(tmp_path, pixels):
    opaque = np.dstack([pixels, np.full((5, 7), 255, np.uint8)])
    Image.fromarray(opaque).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_rgb(tmp_path / "a.png"), pixels)
    few = Image.fromarray(pixels // 128 * 255).convert("P", palette=Image.Palette.ADAPTIVE)
    few.save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_rgb(tmp_path / "p.png"), np.asarray(few.convert("RGB")))


def test_one_transparent_pixel_is_refused(tmp_path, pixels):
    alpha = np.full((5, 7), 255, np.uint8)
    alpha[2, 2] = 254
    Image.fromarray(np.dstack([pixels, alpha])).save(tmp_path / "a.png")
    with pytest.raises(SlideError, match=r"a\.png is transparent somewhere"):
        read_rgb(tmp_path / "a.png")


def test_deep_grey_and_broken_files_are_refused(tmp_path):
    Image.fromarray(np.zeros((5, 7), np.uint16)).save(tmp_path / "deep.png")
    Image.fromarray(np.zeros((5, 7), np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.zeros((5, 7), np.uint8)).save(tmp_path / "mask.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff" + bytes(50))
    for name, why in (
        ("deep.png", "16 bits a channel"),
        ("float.tif", "bits a channel"),
        ("mask.png", "of kind 'L'"),
        ("broken.jpg", "cannot be read"),
        ("none.png", "cannot be read"),
    ):
        with pytest.raises(SlideError, match=why):
            read_rgb(tmp_path / name)
