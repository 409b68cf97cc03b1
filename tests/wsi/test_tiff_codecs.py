import tifffile

from monai_ext.testing.shared_data import shared_data_path
from monai_ext.testing.slide_damage import truncate_file
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.tiff_codecs import tile_codecs


def test_codecs_of_the_tiled_pages(tiny_slide, tmp_path, slide_image):
    assert tile_codecs(tiny_slide) == {7}
    assert tile_codecs(shared_data_path("slides/tcga-cr-7395-01a-01-ts1.svs")) == {33005}
    tifffile.imwrite(tmp_path / "strips.tif", slide_image)
    assert tile_codecs(tmp_path / "strips.tif") == set()


def test_incomplete_file_has_none(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image, factors=(1,))
    truncate_file(path, 0.8)
    assert tile_codecs(path) == set()


def test_file_whose_last_page_is_cut_off_has_none(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    assert tile_codecs(path) == {7}
    with tifffile.TiffFile(path) as tiff:
        last = tiff.pages[2].offset
    path.write_bytes(path.read_bytes()[:last])
    assert tile_codecs(path) == set()


def test_other_files_have_none(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"hello")
    assert tile_codecs(tmp_path / "a.txt") == set()
