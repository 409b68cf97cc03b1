import numpy as np
import pytest

from monai_ext.errors import SlideError
from monai_ext.testing.bounded_slide import write_bounded_slide
from monai_ext.testing.shared_data import shared_data_path
from monai_ext.testing.slide_damage import destroy_tile
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.openslide_reader import OpenSlideReader
from monai_ext.wsi.strip_reader import StripReader
from monai_ext.wsi.tiff_layout import UnservedLayout

REGIONS = [
    (0, 0, 300, 200),
    (-40, -24, 200, 160),
    (136, 264, 128, 64),
    (700, 500, 400, 300),
    (2000, 0, 8, 8),
]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("photometric", ["rgb", "ycbcr"])
@pytest.mark.parametrize("shared_tables", [True, False])
def test_regions_equal_those_of_openslide(
    tmp_path, slide_image, region, level, photometric, shared_tables
):
    path = write_tiny_slide(
        tmp_path / "a.tif", slide_image, photometric=photometric, shared_tables=shared_tables
    )
    ours, theirs = StripReader(path), OpenSlideReader(path)
    assert ours.info == theirs.info
    np.testing.assert_array_equal(
        ours.read_region(*region, level), theirs.read_region(*region, level)
    )


@pytest.mark.parametrize("subsampling", ["420", "422", "444"])
def test_chroma_subsampling_makes_no_difference(tmp_path, slide_image, subsampling):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, subsampling=subsampling)
    np.testing.assert_array_equal(
        StripReader(path).read_region(5, 5, 500, 400, 0),
        OpenSlideReader(path).read_region(5, 5, 500, 400, 0),
    )


def test_real_aperio_slide_of_rgb_jpeg_equals_openslide():
    path = shared_data_path("slides/cmu-1-small-region.svs")
    ours, theirs = StripReader(path), OpenSlideReader(path)
    assert ours.decoder.levels[0].photometric == "rgb"
    np.testing.assert_array_equal(
        ours.read_region(-10, 200, 2300, 2900, 0), theirs.read_region(-10, 200, 2300, 2900, 0)
    )


def test_jpeg_2000_is_not_served():
    with pytest.raises(UnservedLayout, match="33005"):
        StripReader(shared_data_path("slides/tcga-cr-7395-01a-01-ts1.svs"))


def test_only_regions_with_the_damaged_tile_fail(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    destroy_tile(path, 9)
    reader = StripReader(path)
    reader.read_region(256, 0, 600, 600, 0)
    with pytest.raises(SlideError, match=r"level 0 tile 9 \(row 1, column 1\)"):
        reader.read_region(255, 0, 600, 600, 0)


def test_formats_that_place_tiles_their_own_way_are_not_served(tmp_path, slide_image):
    path = write_bounded_slide(tmp_path / "a.scn", slide_image, canvas=(1000, 700), corner=(10, 20))
    with pytest.raises(UnservedLayout, match="its format is leica"):
        StripReader(path)
