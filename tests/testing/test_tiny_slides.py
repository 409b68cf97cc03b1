import numpy as np
import openslide
import pytest
import tifffile

from monai_ext.testing.tiny_slides import shrink, write_tiny_slide


@pytest.fixture
def image():
    from skimage.data import immunohistochemistry

    return immunohistochemistry()[:300, :420]


@pytest.mark.parametrize("photometric", ["ycbcr", "rgb"])
@pytest.mark.parametrize("shared_tables", [True, False])
def test_slide_opens_and_holds_the_picture_at_every_level(
    tmp_path, image, photometric, shared_tables
):
    path = write_tiny_slide(
        tmp_path / "a.tif", image, photometric=photometric, shared_tables=shared_tables, quality=95
    )
    with openslide.OpenSlide(path) as slide:
        assert slide.level_dimensions == ((420, 300), (210, 150), (105, 75))
        for level, factor in enumerate((1, 2, 4)):
            region = slide.read_region((0, 0), level, slide.level_dimensions[level]).convert("RGB")
            assert np.abs(np.asarray(region).astype(int) - shrink(image, factor)).mean() < 4.5


@pytest.mark.parametrize(("shared", "photometric"), [(True, 6), (False, 2)])
def test_tags_say_what_was_asked(tmp_path, image, shared, photometric):
    name = {2: "rgb", 6: "ycbcr"}[photometric]
    path = write_tiny_slide(
        tmp_path / "a.tif",
        image,
        shared_tables=shared,
        photometric=name,
        bigtiff=shared,
        factors=(1, 4),
    )
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff == shared
        assert [page.photometric for page in tiff.pages] == [photometric] * 2
        assert [page.jpegtables is not None for page in tiff.pages] == [shared] * 2
        assert [page.subfiletype for page in tiff.pages] == [0, 1]
        assert {page.compression for page in tiff.pages} == {7}


@pytest.mark.parametrize("mpp", [0.25, 0.4991, None])
def test_resolution_reaches_openslide(tmp_path, image, mpp):
    path = write_tiny_slide(tmp_path / "a.tif", image, mpp=mpp)
    with openslide.OpenSlide(path) as slide:
        found = slide.properties.get("openslide.mpp-x")
    assert found is None if mpp is None else float(found) == pytest.approx(mpp, rel=1e-4)


def test_tables_that_differ_are_not_shared(image):
    from monai_ext.testing.tiny_slides import _encode, _share_tables

    streams = [_encode(image[:64, :64], quality, "420", "ycbcr") for quality in (50, 90)]
    with pytest.raises(ValueError, match="JPEG tables differ"):
        _share_tables(streams)
