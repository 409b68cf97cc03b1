"""Cropping to bounds moves pixels and nothing else."""

import numpy as np
import pytest

from monai_ext.engines.segment_frame import FramedSlide, framed
from monai_ext.testing.bounded_slide import write_bounded_slide
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi import open_slide, read_area, read_thumbnail
from tests.engines.segment_parts import random_picture

PICTURE = random_picture(192, 256)


@pytest.fixture
def bounded(tmp_path):
    path = tmp_path / "a.scn"
    return write_bounded_slide(path, PICTURE, canvas=(640, 512), corner=(130, 70))


def test_regions_count_from_the_corner_of_the_scan(bounded):
    with open_slide(bounded) as whole, FramedSlide(open_slide(bounded)) as slide:
        assert whole.info.bounds == (130, 70, 256, 192)
        assert (slide.info.width, slide.info.height, slide.info.bounds) == (256, 192, None)
        assert slide.origin == (130, 70)
        for level in (0, 1):
            expected = whole.read_region(130 + 20, 70 + 40, 50, 30, level)
            np.testing.assert_array_equal(slide.read_region(20, 40, 50, 30, level), expected)
        np.testing.assert_array_equal(
            read_area(slide, 0, 0, 256, 192, 64, 48), read_area(whole, 130, 70, 256, 192, 64, 48)
        )
        assert read_thumbnail(slide, 4).shape == (48, 64, 3)
        assert slide.backend == whole.backend


def test_slides_without_bounds_keep_their_reader(tmp_path):
    slide = open_slide(write_tiny_slide(tmp_path / "a.tif", PICTURE))
    assert framed(slide) is slide
