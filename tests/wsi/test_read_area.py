import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.wsi.open_slide import open_slide
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.resample import area_mean


@pytest.fixture
def slide(tiny_slide):
    with open_slide(tiny_slide, "openslide") as slide:
        yield slide


def test_native_size_is_the_stored_pixels(slide):
    area = read_area(slide, 30, 40, 100, 90, 100, 90)
    np.testing.assert_array_equal(area, slide.read_region(30, 40, 100, 90, 0))


def test_whole_factor_on_a_stored_level_is_that_level(slide):
    area = read_area(slide, 40, 80, 200, 160, 50, 40)
    np.testing.assert_array_equal(area, slide.read_region(40, 80, 50, 40, 2))


def test_whole_factor_off_the_levels_is_averaged_from_the_finer_one(slide):
    stored = slide.read_region(0, 0, 60, 44, 2)
    area = read_area(slide, 0, 0, 240, 176, 30, 22)
    np.testing.assert_array_equal(area, area_mean(stored[None], 2, 2)[0])


@pytest.mark.parametrize("factor", [1.3, 1.7, 2.6])
def test_any_factor_resembles_the_area_of_the_picture(slide, slide_image, factor):
    from skimage.transform import resize

    out = round(300 / factor)
    area = read_area(slide, 101, 57, 300, 300, out, out)
    reference = resize(slide_image[57:357, 101:401], (out, out), order=1, anti_aliasing=True)
    assert np.abs(area / 255 - reference).mean() < 0.03


def test_odd_corner_on_a_coarser_level_is_not_rounded_away(slide):
    area = read_area(slide, 2, 0, 400, 400, 100, 100)
    stored = slide.read_region(0, 0, 101, 100, 2).astype(float)
    half_way = (stored[:, :-1] + stored[:, 1:]) / 2
    assert np.abs(area - half_way)[:, 1:-1].max() <= 1


def test_finer_than_stored_is_interpolated(slide):
    area = read_area(slide, 64, 64, 64, 64, 80, 80)
    assert area.shape == (80, 80, 3)
    stored = slide.read_region(64, 64, 64, 64, 0)
    assert abs(area.mean() - stored.mean()) < 1


def test_outside_is_white(slide):
    area = read_area(slide, 900, 600, 100, 100, 50, 50)
    assert (area[13:, :] == 255).all()
    assert (area[:, 7:] == 255).all()
    assert area[:11, :5].mean() < 250


def test_empty_area_is_refused(slide):
    with pytest.raises(SettingError, match=r"width=0 .*at least 1 px"):
        read_area(slide, 0, 0, 0, 5, 5, 5)
