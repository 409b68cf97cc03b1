import numpy as np
import pytest
import tifffile

from monai_ext.errors import SlideError
from monai_ext.testing.slide_damage import destroy_tile
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.openslide_reader import OpenSlideReader, _bounds, _over_white


@pytest.fixture
def reader(tiny_slide):
    with OpenSlideReader(tiny_slide) as reader:
        yield reader


def test_info_holds_what_the_file_says(reader):
    info = reader.info
    assert (info.width, info.height, info.mpp, info.vendor) == (912, 624, 0.5, "generic-tiff")
    assert [(v.width, v.height, v.downsample) for v in info.levels] == [
        (912, 624, 1.0),
        (456, 312, 2.0),
        (228, 156, 4.0),
    ]
    assert info.bounds is None
    assert len(info.slide_hash) == 64


def test_region_holds_the_picture(reader, slide_image):
    region = reader.read_region(100, 50, 300, 200, 0)
    assert np.abs(region.astype(int) - slide_image[50:250, 100:400]).mean() < 6


def test_region_of_a_coarser_level_counts_its_corner_in_level_0_px(reader):
    whole = reader.read_region(0, 0, 228, 156, 2)
    np.testing.assert_array_equal(reader.read_region(80, 40, 50, 60, 2), whole[10:70, 20:70])


def test_corner_between_stored_pixels_goes_to_the_nearest(reader):
    whole = reader.read_region(0, 0, 228, 156, 2)
    np.testing.assert_array_equal(reader.read_region(81, 43, 50, 60, 2), whole[11:71, 20:70])


def test_outside_is_white(reader):
    region = reader.read_region(-20, -10, 40, 30, 0)
    assert (region[:10] == 255).all()
    assert (region[:, :20] == 255).all()
    assert region[10:, 20:].mean() < 250


def test_alpha_is_laid_over_white():
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 200, 51]]], np.uint8)
    assert _over_white(rgba).tolist() == [[[10, 20, 30], [255, 255, 255], [204, 224, 244]]]


def test_bounds_of_the_whole_slide_are_none():
    keys = [f"openslide.bounds-{name}" for name in ("x", "y", "width", "height")]
    assert _bounds(dict(zip(keys, "5678", strict=True)), (90, 90)) == (5, 6, 7, 8)
    assert _bounds(dict(zip(keys, ("0", "0", "90", "80"), strict=True)), (90, 80)) is None
    assert _bounds({}, (90, 80)) is None


def test_missing_resolution_is_none_and_the_user_may_give_it(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, mpp=None)
    assert OpenSlideReader(path).info.mpp is None
    assert OpenSlideReader(path, mpp=0.7).info.mpp == 0.7


def test_destroyed_tile_is_named_and_the_rest_still_reads(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    destroy_tile(path, 9)
    reader = OpenSlideReader(path)
    good = reader.read_region(0, 0, 128, 128, 0)
    with pytest.raises(SlideError, match=r"a\.tif cannot be read at x=128 y=128 level=0"):
        reader.read_region(128, 128, 128, 128, 0)
    np.testing.assert_array_equal(reader.read_region(0, 0, 128, 128, 0), good)


def test_absurd_tiles_are_refused_before_openslide_ends_the_process(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tags = tiff.pages[1].aspage().tags
        for edge in ("TileWidth", "TileLength"):
            tags[edge].overwrite(1 << 20, dtype="I")
    with pytest.raises(SlideError, match=r"level 1 claims tiles of 1048576 x 1048576 px"):
        OpenSlideReader(path)
