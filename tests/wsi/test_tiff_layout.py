import numpy as np
import pytest
import tifffile

from monai_ext.errors import SlideError
from monai_ext.testing.shared_data import shared_data_path
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.tiff_layout import UnservedLayout, jpeg_levels

SIZES = [(912, 624), (456, 312), (228, 156)]


@pytest.mark.parametrize("bigtiff", [True, False])
def test_streams_lie_where_the_table_says(tmp_path, slide_image, bigtiff):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, bigtiff=bigtiff)
    levels = jpeg_levels(path, SIZES)
    data = path.read_bytes()
    assert [(level.rows, level.cols) for level in levels] == [(5, 8), (3, 4), (2, 2)]
    for level in levels:
        for offset, size in zip(level.offsets, level.sizes, strict=True):
            assert data[offset : offset + 2] == b"\xff\xd8"
            assert data[offset + size - 2 : offset + size] == b"\xff\xd9"


def test_levels_come_in_the_order_asked_for(tiny_slide):
    assert [level.width for level in jpeg_levels(tiny_slide, SIZES[::-1])] == [228, 456, 912]


@pytest.mark.parametrize("photometric", ["rgb", "ycbcr"])
def test_photometric_and_tables_are_found(tmp_path, slide_image, photometric):
    path = write_tiny_slide(
        tmp_path / "a.tif", slide_image, photometric=photometric, shared_tables=True
    )
    level = jpeg_levels(path, SIZES)[0]
    assert level.photometric == photometric
    assert level.tables[:2] == b"\xff\xd8"


def test_missing_level_is_not_served(tiny_slide):
    with pytest.raises(UnservedLayout, match="no TIFF page has 111 x 222 px in tiles"):
        jpeg_levels(tiny_slide, [(111, 222)])


def test_other_codecs_are_not_served(tmp_path, slide_image):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, slide_image, tile=(128, 128), compression="zlib")
    with pytest.raises(UnservedLayout, match=r"TIFF codec 8, 3 samples of 8 bits"):
        jpeg_levels(path, SIZES[:1])
    real = shared_data_path("slides/tcga-cr-7395-01a-01-ts1.svs")
    with pytest.raises(UnservedLayout, match="TIFF codec 33005"):
        jpeg_levels(real, [(4443, 3567)])


def test_tile_that_is_not_stored_is_not_served(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        counts = list(tiff.pages[0].aspage().databytecounts)
        tiff.pages[0].aspage().tags["TileByteCounts"].overwrite([*counts[:-1], 0])
    with pytest.raises(UnservedLayout, match="1 tiles are not stored"):
        jpeg_levels(path, SIZES)


def test_file_that_is_no_tiff_is_not_served(tmp_path):
    (tmp_path / "a.svs").write_bytes(b"no slide")
    with pytest.raises(
        UnservedLayout, match=r"a\.svs is not for the strip reader: tifffile cannot"
    ):
        jpeg_levels(tmp_path / "a.svs", SIZES)


def test_tiles_beyond_the_file_are_damage(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, factors=(1,))
    with tifffile.TiffFile(path, mode="r+") as tiff:
        offsets = np.array(tiff.pages[0].aspage().dataoffsets)
        offsets[3] += path.stat().st_size
        tiff.pages[0].aspage().tags["TileOffsets"].overwrite(offsets.tolist())
    with pytest.raises(SlideError, match=r"truncated: 1 of 40 tiles of level 0") as caught:
        jpeg_levels(path, SIZES[:1])
    assert not isinstance(caught.value, UnservedLayout)


@pytest.mark.parametrize(("missing", "tiles"), [(5, 1), (40_000, 10)])
def test_truncated_file_is_refused(tmp_path, slide_image, missing, tiles):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, factors=(1,))
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(SlideError, match=f"truncated: {tiles} of 40 tiles"):
        jpeg_levels(path, SIZES[:1])


def test_offset_beyond_any_file_is_not_served(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, factors=(1,), bigtiff=True)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        page = tiff.pages[0].aspage()
        page.tags["TileOffsets"].overwrite([2**64 - 1, *page.dataoffsets[1:]], dtype="Q")
    with pytest.raises(UnservedLayout, match="tifffile cannot read it"):
        jpeg_levels(path, SIZES[:1])
