import sys

import numpy as np
import pytest
import tifffile

from monai_ext.errors import SettingError, SlideError
from monai_ext.testing.shared_data import shared_data_path
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.cucim_reader import CucimReader
from monai_ext.wsi.open_slide import open_slide
from monai_ext.wsi.strip_reader import StripReader

pytest.importorskip("torch")
pytest.importorskip("cucim", exc_type=ImportError)

REGIONS = [
    (0, 0, 300, 200),
    (-40, -24, 200, 160),
    (137, 265, 128, 64),
    (700, 500, 400, 300),
    (2000, 0, 8, 8),
]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("photometric", ["rgb", "ycbcr"])
def test_regions_equal_those_of_the_strip_reader(tmp_path, slide_image, region, level, photometric):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, photometric=photometric)
    np.testing.assert_array_equal(
        CucimReader(path).read_region(*region, level), StripReader(path).read_region(*region, level)
    )


@pytest.mark.parametrize("corner", [(0, 0), (400, 301), (802, 502)])
@pytest.mark.parametrize("level", [1, 2])
def test_levels_cut_to_whole_pixels_are_read_at_the_same_place(
    tmp_path, slide_image, corner, level
):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image[:611, :903])
    np.testing.assert_array_equal(
        CucimReader(path).read_region(*corner, 90, 80, level),
        StripReader(path).read_region(*corner, 90, 80, level),
    )


def test_real_aperio_slide_equals_the_strip_reader():
    path = shared_data_path("slides/cmu-1-small-region.svs")
    np.testing.assert_array_equal(
        CucimReader(path).read_region(1100, 1000, 1300, 900, 0),
        StripReader(path).read_region(1100, 1000, 1300, 900, 0),
    )


def test_jpeg_2000_agrees_with_openslide_within_a_grey_level():
    path = shared_data_path("slides/tcga-cr-7395-01a-01-ts1.svs")
    ours = CucimReader(path).read_region(1000, 1000, 600, 500, 0)
    theirs = open_slide(path, "openslide").read_region(1000, 1000, 600, 500, 0)
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_auto_takes_cucim_for_jpeg_2000_that_openslide_refuses(tmp_path):
    data = shared_data_path("slides/tcga-cr-7395-01a-01-ts1.svs").read_bytes()
    path = tmp_path / "generic.tif"
    path.write_bytes(data.replace(b"Aperio", b"Xperio"))
    with tifffile.TiffFile(path, mode="r+") as tiff:
        for page in list(tiff.pages)[1:]:
            page.aspage().tags["NewSubfileType"].overwrite(1)
    with pytest.raises(SlideError, match="cannot be opened by OpenSlide"):
        open_slide(path, "openslide")
    slide = open_slide(path, mpp=0.5)
    assert (slide.backend, slide.info.vendor, slide.info.mpp) == ("cucim", "cucim", 0.5)
    assert [level.downsample for level in slide.info.levels[:2]] == [1, 2]
    aperio = open_slide(shared_data_path("slides/tcga-cr-7395-01a-01-ts1.svs"))
    np.testing.assert_array_equal(
        slide.read_region(1000, 1000, 60, 50, 0), aperio.read_region(1000, 1000, 60, 50, 0)
    )
    path.write_bytes(path.read_bytes()[:3_500_000])
    with pytest.raises(SlideError, match="cannot be opened by OpenSlide"):
        open_slide(path)


def test_file_that_cucim_cannot_open_is_refused(tmp_path):
    (tmp_path / "a.svs").write_bytes(b"hello")
    with pytest.raises(SlideError, match=r"a\.svs cannot be opened by cuCIM"):
        CucimReader(tmp_path / "a.svs")


def test_file_cut_after_opening_is_refused(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    reader = CucimReader(path)
    with path.open("r+b") as stream:
        stream.truncate(60_000)
    with pytest.raises(SlideError, match=r"a\.tif cannot be read by cuCIM at px x=700 y=500"):
        reader.read_region(700, 500, 100, 100, 0)


def test_missing_cucim_says_what_to_install(tiny_slide, monkeypatch):
    monkeypatch.setitem(sys.modules, "cucim", None)
    with pytest.raises(SettingError, match=r"pip install 'monai-ext\[cucim-cu13\]'"):
        CucimReader(tiny_slide)
