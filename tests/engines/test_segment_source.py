"""A slide waits, opens as what it is, and knows its tissue."""

import numpy as np
import pytest

from monai_ext.engines.segment_image import PlainImage
from monai_ext.engines.segment_source import (
    SlideToSegment,
    SlideToSegmentd,
    lone_item,
    slide_of_batch,
)
from monai_ext.errors import SlideError
from monai_ext.testing.bounded_slide import write_bounded_slide
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi import segment_tissue, tissue_to_geojson
from tests.engines.segment_parts import image_slide, random_picture, saved, settings_for
from tests.engines.tiny_extraction import TISSUE, tissue_image


def test_transform_opens_nothing_and_keeps_the_rest(tmp_path):
    item = {"image": str(tmp_path / "no.svs"), "slide": "no", "mpp": None, "more": 1}
    done = SlideToSegmentd(settings_for())(item)
    assert {key: done[key] for key in ("slide", "mpp", "more")} == {
        "slide": "no",
        "mpp": None,
        "more": 1,
    }
    with pytest.raises(SlideError, match="is no file"):
        _ = done["image"].reader
    assert slide_of_batch(lone_item([done]), device="cpu") == (done["image"], None)
    with pytest.raises(ValueError, match="2 slides in a batch"):
        lone_item([done, done])


def test_files_open_as_what_they_are(tmp_path):
    picture = random_picture(128, 192)
    image = image_slide(tmp_path / "a.png", picture)
    assert isinstance(image.reader, PlainImage)
    path = write_tiny_slide(tmp_path / "a.tif", picture)
    with SlideToSegment(path, "a", None, settings_for()).reader as slide:
        assert slide.backend == "strip"
    asked = settings_for(reader="openslide")
    with SlideToSegment(path, "a", None, asked).reader as slide:
        assert slide.backend == "openslide"
    scan = write_bounded_slide(tmp_path / "a.scn", picture, canvas=(640, 512), corner=(130, 70))
    bounded = SlideToSegment(scan, "a", None, settings_for())
    assert bounded.origin == (130, 70)
    assert (bounded.reader.info.width, bounded.reader.info.height) == (192, 128)
    bounded.close()
    assert image.origin == (0, 0)


def test_mpp_is_the_given_one_or_that_of_the_file_or_a_refusal(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", random_picture(128, 192), mpp=0.25)
    assert SlideToSegment(path, "a", None, settings_for()).mpp == pytest.approx(0.25, rel=1e-3)
    assert SlideToSegment(path, "a", 0.4, settings_for()).mpp == 0.4
    with pytest.raises(SlideError, match=r"no um a pixel \(mpp\).*column mpp of the cohort"):
        _ = image_slide(tmp_path / "b.png", random_picture(9, 9), mpp=None).mpp


def test_tissue_is_found_on_slides_and_everywhere_on_images_unless_asked_otherwise(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", tissue_image(), quality=95)

    def tissue(**changes):
        return SlideToSegment(path, "a", None, settings_for(tissue=TISSUE, **changes)).tissue()

    expected = segment_tissue(SlideToSegment(path, "a", None, settings_for()).reader, 0.5, **TISSUE)
    np.testing.assert_array_equal(tissue().mask, expected.mask)
    assert 0.1 < expected.mask.mean() < 0.6
    assert tissue(find_tissue="all") is None
    image = saved(tmp_path / "b.png", tissue_image())
    assert SlideToSegment(image, "b", 0.5, settings_for(tissue=TISSUE)).tissue() is None
    asked = settings_for(tissue=TISSUE, find_tissue="find")
    found = SlideToSegment(image, "b", 0.5, asked).tissue()
    assert (found.mask == expected.mask).mean() > 0.95


def test_outlines_of_the_user_go_first_and_into_the_request(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", tissue_image(), quality=95)
    plain = SlideToSegment(path, "a", None, settings_for(tissue=TISSUE))
    tissue = plain.tissue()
    tissue.mask[: len(tissue.mask) // 3] = False
    (tmp_path / "outlines").mkdir()
    tissue_to_geojson(tissue, tmp_path / "outlines/a.geojson")
    settings = settings_for(tissue_dir=tmp_path / "outlines", find_tissue="all")
    given = SlideToSegment(path, "a", None, settings)
    found = given.tissue()
    assert found.mask.sum() == pytest.approx(tissue.mask.sum() * 8**2, rel=0.05)
    other = SlideToSegment(path, "other", None, settings)
    assert other.tissue() is None
    assert given.request["outlines"] != other.request["outlines"] is None
    assert SlideToSegment(path, "a", 0.3, settings).request["mpp"] == 0.3


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "..\\x", ".."])
def test_a_name_that_is_none_of_a_file_is_refused(name):
    with pytest.raises(SlideError, match="is no name of a file"):
        SlideToSegmentd(settings_for())({"image": "x.png", "slide": name})
