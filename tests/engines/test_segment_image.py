"""Plain images: only 8-bit RGB whose pixels mean what they say."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from monai_ext.engines.segment_image import PlainImage, is_plain_image
from monai_ext.errors import SlideError
from monai_ext.testing.tiny_slides import write_tiny_slide
from tests.engines.segment_parts import random_picture, saved

PICTURE = random_picture(40, 50)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_pixels_and_size_are_those_of_the_file(suffix, tmp_path):
    path = saved(tmp_path / f"a{suffix}", PICTURE)
    assert is_plain_image(path)
    with PlainImage(path, 0.5) as image:
        assert (image.info.width, image.info.height, image.info.mpp) == (50, 40, 0.5)
        np.testing.assert_array_equal(image.read_region(0, 0, 50, 40, 0), PICTURE)


def test_regions_are_white_outside(tmp_path):
    image = PlainImage(saved(tmp_path / "a.png", PICTURE), 0.5)
    region = image.read_region(-3, 35, 20, 9, 0)
    expected = np.full((9, 20, 3), 255, np.uint8)
    expected[:5, 3:] = PICTURE[35:, :17]
    np.testing.assert_array_equal(region, expected)
    assert (image.read_region(60, 0, 4, 4, 0) == 255).all()
    assert (image.read_region(-9, -9, 4, 4, 0) == 255).all()


def test_mpp_is_what_the_user_says_then_what_a_microscope_could_have_written(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, PICTURE, photometric="rgb", resolution=(2e4, 2e4), resolutionunit="CENTIMETER"
    )
    assert PlainImage(path).info.mpp == pytest.approx(0.5, rel=1e-3)
    assert PlainImage(path, 0.25).info.mpp == 0.25
    Image.fromarray(PICTURE).save(tmp_path / "b.png", dpi=(300, 300))
    assert PlainImage(tmp_path / "b.png").info.mpp is None
    assert PlainImage(saved(tmp_path / "c.png", PICTURE)).info.mpp is None


def rgba(alpha):
    return np.concatenate([PICTURE, np.full((40, 50, 1), alpha, np.uint8)], 2)


def test_opaque_alpha_is_dropped_and_other_alpha_refused(tmp_path):
    opaque = PlainImage(saved(tmp_path / "a.png", rgba(255)))
    np.testing.assert_array_equal(opaque.read_region(0, 0, 50, 40, 0), PICTURE)
    clear = rgba(255)
    clear[3, 4, 3] = 254
    with pytest.raises(SlideError, match=r"a\.png is transparent somewhere.*lay it on white"):
        PlainImage(saved(tmp_path / "a.png", clear))
    tifffile.imwrite(tmp_path / "a.tif", clear, photometric="rgb", tile=(16, 16))
    assert is_plain_image(tmp_path / "a.tif")


def test_palettes_are_colours(tmp_path):
    flat = Image.fromarray(PICTURE).quantize(7)
    flat.save(tmp_path / "a.png")
    expected = np.asarray(flat.convert("RGB"))
    image = PlainImage(tmp_path / "a.png")
    np.testing.assert_array_equal(image.read_region(0, 0, 50, 40, 0), expected)


def write_deep_png(path, picture):
    """48-bit RGB, which Pillow reads but does not write."""
    height, width = picture.shape[:2]
    lines = b"".join(b"\0" + line.tobytes() for line in picture.astype(">u2"))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


DEEP = "has 16 bits a channel.*8-bit RGB, e.g. with skimage"


def test_16_bit_images_are_refused_also_where_pillow_would_cut_them(tmp_path):
    deep = PICTURE.astype(np.uint16) * 257
    Image.fromarray(deep[..., 0]).save(tmp_path / "grey.png")
    with pytest.raises(SlideError, match=DEEP):
        PlainImage(tmp_path / "grey.png")
    write_deep_png(tmp_path / "rgb.png", deep)
    assert Image.open(tmp_path / "rgb.png").mode == "RGB"
    with pytest.raises(SlideError, match=DEEP):
        PlainImage(tmp_path / "rgb.png")
    for tile in (None, (16, 16)):
        tifffile.imwrite(tmp_path / "rgb.tif", deep, photometric="rgb", tile=tile)
        with pytest.raises(SlideError, match=DEEP):
            is_plain_image(tmp_path / "rgb.tif")


def test_grey_images_and_broken_files_are_refused(tmp_path):
    with pytest.raises(SlideError, match=r"is of kind 'L'.*masks do not belong"):
        PlainImage(saved(tmp_path / "mask.png", PICTURE[..., 0]))
    path = saved(tmp_path / "a.png", PICTURE)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SlideError, match=r"a\.png cannot be read"):
        PlainImage(path)


def test_slides_are_no_plain_images(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", PICTURE)
    assert not is_plain_image(path)
    path.write_bytes(b"nothing")
    assert not is_plain_image(path)
    assert not is_plain_image(tmp_path / "a.svs")
