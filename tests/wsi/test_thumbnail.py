import numpy as np
import pytest

from monai_ext.testing.tiny_slides import shrink, write_tiny_slide
from monai_ext.wsi.open_slide import open_slide
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.thumbnail import read_thumbnail


@pytest.mark.parametrize("reader", ["strip", "openslide"])
@pytest.mark.parametrize("downsample", [1, 3, 8, 50, 64])
def test_thumbnail_is_the_area_of_the_slide(tiny_slide, reader, downsample):
    with open_slide(tiny_slide, reader) as slide:
        picture = read_thumbnail(slide, downsample)
        rows, cols = -(-624 // downsample), -(-912 // downsample)
        area = read_area(slide, 0, 0, cols * downsample, rows * downsample, cols, rows)
    assert picture.shape == (rows, cols, 3)
    if downsample in (3, 50):  # no whole factor of a stored level: pieces are filtered apart
        assert np.abs(picture.astype(int) - area).mean() < 1
    else:
        np.testing.assert_array_equal(picture, area)


def test_slide_without_a_pyramid_is_read_in_pieces(tmp_path, slide_image):
    slide = open_slide(write_tiny_slide(tmp_path / "a.tif", slide_image, factors=(1,), quality=95))
    assert np.abs(read_thumbnail(slide, 16).astype(int) - shrink(slide_image, 16)).mean() < 2
