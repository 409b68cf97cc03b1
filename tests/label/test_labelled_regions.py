"""Masks lie where the person drew, whatever the slide's bounds and magnification."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.drawing import Drawing, DrawnPolygon
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.errors import AnnotationError
from monai_ext.label.labelled_regions import labelled_regions
from monai_ext.testing.bounded_slide import write_bounded_slide
from tests.engines.segment_parts import settings_for
from tests.label.label_parts import stained, write_slide
from tests.outputs.annotation_parts import square

NAMES = ["background", "gland"]
GLAND = DrawnPolygon("gland", (square(40, 30, 20),))
REGION = DrawnPolygon("Region*", (square(32, 24, 64),))


def regions(path, folder, *polygons, box=None, mpp=None, target_mpp=0.5):
    settings = settings_for(target_mpp=target_mpp)
    slide = SlideToSegment(path, path.stem, mpp, settings)
    return labelled_regions(slide, Drawing(polygons, box), NAMES, folder)


def pixels(item, key):
    return np.asarray(Image.open(item[key]))


def gland_in(height, width, top, left, side):
    mask = np.zeros((height, width), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


def test_a_region_of_a_slide(tmp_path):
    (item,) = regions(write_slide(tmp_path / "a.tif"), tmp_path, GLAND, REGION)
    np.testing.assert_array_equal(pixels(item, "label"), gland_in(64, 64, 6, 8, 20))
    close = np.abs(pixels(item, "image").astype(int) - stained(200, 320)[24:88, 32:96])
    assert close.mean() < 4
    assert item["mpp"] == 0.5


def test_the_networks_magnification_is_kept(tmp_path):
    path = write_slide(tmp_path / "a.tif", mpp=0.25)
    (item,) = regions(path, tmp_path, GLAND, REGION)
    np.testing.assert_array_equal(pixels(item, "label"), gland_in(32, 32, 3, 4, 10))
    assert pixels(item, "image").shape == (32, 32, 3)


def test_coordinates_count_from_the_bounds(tmp_path):
    image = stained(200, 320)
    path = write_bounded_slide(tmp_path / "b.scn", image, canvas=(700, 500), corner=(130, 110))
    (item,) = regions(path, tmp_path, GLAND, REGION)
    close = np.abs(pixels(item, "image").astype(int) - image[24:88, 32:96])
    assert close.mean() < 4
    np.testing.assert_array_equal(pixels(item, "label"), gland_in(64, 64, 6, 8, 20))


def test_a_region_of_another_form_counts_inside_only(tmp_path):
    triangle = DrawnPolygon("region", (np.array([[0, 0], [64, 0], [0, 64]], float),))
    (item,) = regions(write_slide(tmp_path / "a.tif"), tmp_path, GLAND, triangle)
    mask = pixels(item, "label")
    assert mask.shape == (64, 64)
    assert mask[60, 60] == 255
    assert mask[2, 2] == 0
    assert mask[31, 41 - 20] == 0
    assert 0.4 < (mask == 255).mean() < 0.6


def test_several_regions_are_several_pictures(tmp_path):
    other = DrawnPolygon("Region*", (square(200, 100, 50),))
    items = regions(write_slide(tmp_path / "a.tif"), tmp_path, GLAND, REGION, other)
    assert [pixels(item, "label").sum() for item in items] == [400, 0]
    assert len({item["image"] for item in items}) == 2


def test_qupaths_patch_is_the_whole_image(tmp_path):
    Image.fromarray(stained(90, 120)).save(tmp_path / "s-patch-7_9_120_90.png")
    path = tmp_path / "s-patch-7_9_120_90.png"
    (item,) = regions(path, tmp_path / "o", GLAND, box=(7, 9, 120, 90), mpp=0.5)
    np.testing.assert_array_equal(pixels(item, "label"), gland_in(90, 120, 30, 40, 20))


@pytest.mark.parametrize("size", [(119, 91), (122, 88)])
def test_a_patch_may_be_rounded_otherwise_than_its_region(tmp_path, size):
    Image.fromarray(stained(90, 120)).save(tmp_path / "a.png")
    (item,) = regions(tmp_path / "a.png", tmp_path / "o", GLAND, box=(700, 900, *size), mpp=0.5)
    np.testing.assert_array_equal(pixels(item, "label"), gland_in(90, 120, 30, 40, 20))


def test_annotations_of_another_region_are_no_background(tmp_path):
    Image.fromarray(stained(90, 120)).save(tmp_path / "a.png")
    with pytest.raises(AnnotationError, match="region of 60 x 50 px at"):
        regions(tmp_path / "a.png", tmp_path / "o", GLAND, box=(700, 900, 60, 50), mpp=0.5)


def test_the_files_region_of_a_slide_is_cut_out(tmp_path):
    (item,) = regions(write_slide(tmp_path / "a.tif"), tmp_path, GLAND, box=(100, 50, 80, 60))
    np.testing.assert_array_equal(pixels(item, "label"), gland_in(60, 80, 30, 40, 20))
    close = np.abs(pixels(item, "image").astype(int) - stained(200, 320)[50:110, 100:180])
    assert close.mean() < 4


def test_a_plain_image_without_region_is_taken_whole(tmp_path):
    Image.fromarray(stained(90, 120)).save(tmp_path / "a.png")
    (item,) = regions(tmp_path / "a.png", tmp_path / "o", GLAND, mpp=0.5)
    assert pixels(item, "label").sum() == 400


def test_a_slide_without_region_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"slide a has annotations and no Region\*"):
        regions(write_slide(tmp_path / "a.tif"), tmp_path, GLAND)
    far = DrawnPolygon("Region*", (square(5000, 24, 64),))
    with pytest.raises(AnnotationError, match=r"no Region\*"):
        regions(write_slide(tmp_path / "a.tif"), tmp_path, GLAND, far)
