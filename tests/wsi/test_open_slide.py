import multiprocessing
import pickle
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from monai_ext.errors import SettingError, SlideError
from monai_ext.testing.shared_data import shared_data_path
from monai_ext.testing.slide_damage import truncate_file
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.open_slide import open_slide


def test_unknown_reader_is_refused(tiny_slide):
    with pytest.raises(SettingError, match=r"reader='fast'.*'openslide'"):
        open_slide(tiny_slide, "fast")


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(SlideError, match=r"nowhere\.svs is no file"):
        open_slide(tmp_path / "nowhere.svs")


@pytest.mark.parametrize(("suffix", "name"), [("png", "PNG"), ("jpg", "JPEG")])
def test_plain_image_is_refused(tmp_path, slide_image, suffix, name):
    Image.fromarray(slide_image).save(tmp_path / f"a.{suffix}")
    with pytest.raises(SlideError, match=f"plain {name} image.*tiled pyramidal TIFF"):
        open_slide(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize("content", [b"", b"hello, slide", b"II*\x00" + bytes(40)])
def test_file_that_is_no_slide_is_refused(tmp_path, content):
    (tmp_path / "a.svs").write_bytes(content)
    with pytest.raises(SlideError, match=r"a\.svs cannot be opened"):
        open_slide(tmp_path / "a.svs")


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.97])
def test_truncated_slide_is_refused(tmp_path, slide_image, keep):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    truncate_file(path, keep)
    with pytest.raises(SlideError, match=r"a\.tif cannot be opened.*file is complete"):
        open_slide(path)


def test_mpp_given_by_the_user_is_kept(tiny_slide):
    assert open_slide(tiny_slide, mpp=0.25).info.mpp == 0.25


@pytest.mark.parametrize("reader", ["openslide", "strip", "cucim"])
def test_pickled_reader_reads_the_same(tiny_slide, reader):
    slide = open_slide(tiny_slide, reader)
    before = slide.read_region(10, 20, 50, 60, 0)
    copy = pickle.loads(pickle.dumps(slide))  # noqa: S301
    np.testing.assert_array_equal(copy.read_region(10, 20, 50, 60, 0), before)


def _read(slide, queue):
    queue.put(slide.read_region(10, 20, 50, 60, 0).tobytes())


@pytest.mark.parametrize("reader", ["openslide", "strip", "cucim"])
def test_open_reader_survives_a_fork(tiny_slide, reader):
    slide = open_slide(tiny_slide, reader)
    before = slide.read_region(10, 20, 50, 60, 0).tobytes()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    worker = context.Process(target=_read, args=(slide, queue))
    worker.start()
    assert queue.get(timeout=60) == before
    worker.join(60)
    assert worker.exitcode == 0
    assert slide.read_region(10, 20, 50, 60, 0).tobytes() == before


@pytest.mark.parametrize(
    ("name", "backend"),
    [("cmu-1-small-region.svs", "strip"), ("tcga-cr-7395-01a-01-ts1.svs", "openslide")],
)
def test_auto_takes_our_decoder_for_jpeg_and_openslide_for_jpeg_2000(name, backend):
    with open_slide(shared_data_path(f"slides/{name}")) as slide:
        assert slide.backend == backend
        assert slide.read_region(0, 0, 64, 64, 0).shape == (64, 64, 3)


def test_slide_whose_tiles_lie_beyond_its_end_is_not_passed_on(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        page = tiff.pages[0].aspage()
        page.tags["TileOffsets"].overwrite([10**8, *page.dataoffsets[1:]])
    with pytest.raises(SlideError, match=r"a\.tif is truncated: 1 of 40"):
        open_slide(path)


def test_jpeg_that_openslide_refuses_is_not_passed_on_to_cucim(tmp_path, monkeypatch):
    (tmp_path / "a.svs").write_bytes(b"no slide")
    module = sys.modules["monai_ext.wsi.open_slide"]  # the package's name is the function
    monkeypatch.setattr(module, "tile_codecs", lambda path: {7})
    with pytest.raises(SlideError, match=r"a\.svs cannot be opened by OpenSlide"):
        open_slide(tmp_path / "a.svs")
