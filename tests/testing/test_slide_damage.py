import openslide
import pytest
from skimage.data import immunohistochemistry

from monai_ext.testing.slide_damage import destroy_tile, truncate_file
from monai_ext.testing.tiny_slides import write_tiny_slide


@pytest.fixture
def slide(tmp_path):
    return write_tiny_slide(tmp_path / "a.tif", immunohistochemistry(), factors=(1, 2))


@pytest.mark.parametrize("kind", ["zeros", "header", "cut"])
def test_only_the_named_tile_is_destroyed(slide, kind):
    destroy_tile(slide, 3, level=1, kind=kind)
    with openslide.OpenSlide(slide) as opened:
        opened.read_region((0, 0), 0, (512, 512))
        opened.read_region((0, 0), 1, (256, 128))
        with pytest.raises(openslide.OpenSlideError, match="JPEG"):
            opened.read_region((256, 256), 1, (128, 128))


def test_unknown_kind_is_refused(slide):
    with pytest.raises(ValueError, match="kind='burnt'"):
        destroy_tile(slide, 0, kind="burnt")


def test_truncated_file_has_the_share_asked_for(slide):
    size = slide.stat().st_size
    truncate_file(slide, 0.25)
    assert slide.stat().st_size == size // 4
