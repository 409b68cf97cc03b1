import numpy as np
import pytest

from monai_ext.errors import SlideError
from monai_ext.testing.slide_damage import destroy_tile
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.strip_decoder import StripDecoder
from monai_ext.wsi.tiff_layout import jpeg_levels

SIZES = [(912, 624), (456, 312), (228, 156)]


@pytest.mark.parametrize("kind", ["zeros", "header", "cut"])
def test_damage_is_raised_with_slide_level_and_tile(tmp_path, slide_image, kind):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    destroy_tile(path, 6, level=1, kind=kind)
    decoder = StripDecoder(path, jpeg_levels(path, SIZES))
    buffer = np.empty(128 * 128 * 3, np.uint8)
    with pytest.raises(SlideError, match=r"a\.tif level 1 tile 6 \(row 1, column 2\) is damaged"):
        decoder.decode(1, 1, 2, buffer)
    assert decoder.decode(1, 1, 1, buffer).shape == (128, 128, 3)


def test_pixels_lie_in_the_buffer_given(tiny_slide):
    decoder = StripDecoder(tiny_slide, jpeg_levels(tiny_slide, SIZES))
    buffer = np.zeros(128 * 128 * 3, np.uint8)
    pixels = decoder.decode(0, 0, 0, buffer)
    np.testing.assert_array_equal(buffer, pixels.reshape(-1))
    assert pixels.mean() > 10


def test_stream_of_another_size_is_damage(tmp_path, slide_image):
    small = write_tiny_slide(tmp_path / "small.tif", slide_image, tile_px=64, factors=(1,))
    whole = jpeg_levels(small, SIZES[:1])[0]
    claimed = type(whole)(**{**whole.__dict__, "tile_width": 128, "tile_height": 128})
    with pytest.raises(SlideError, match=r"it holds 64 x 64 px"):
        StripDecoder(small, (claimed,)).decode(0, 0, 0, np.empty(128 * 128 * 3, np.uint8))
