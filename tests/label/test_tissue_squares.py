import numpy as np
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.label.tissue_squares import tissue_squares
from monai_ext.testing.tiny_slides import write_tiny_slide
from tests.engines.segment_parts import settings_for
from tests.engines.tiny_extraction import TISSUE, tissue_image
from tests.label.label_parts import stained


def squares(path, edge_px, mpp=None):
    slide = SlideToSegment(path, path.stem, mpp, settings_for(tissue=TISSUE))
    return tissue_squares(slide, edge_px)


def test_they_lie_on_a_grid_and_hold_tissue(tmp_path):
    image = tissue_image(384, 512)
    write_tiny_slide(tmp_path / "a.tif", image, mpp=0.5)
    found = squares(tmp_path / "a.tif", 64)
    assert len(found) > 8
    for box in found:
        assert (box.left % 64, box.top % 64, box.width, box.height) == (0, 0, 64, 64)
        part = image[box.top : box.top + 64, box.left : box.left + 64].astype(int)
        assert (np.ptp(part, axis=2) > 20).mean() > 0.4
    assert found == sorted(found, key=lambda box: (box.top, box.left))


def test_edges_are_the_networks_pixels_and_places_level_0(tmp_path):
    write_tiny_slide(tmp_path / "a.tif", stained(400, 400), mpp=0.25)
    assert squares(tmp_path / "a.tif", 100)[:2] == [Box(0, 0, 200, 200), Box(200, 0, 200, 200)]


def test_all_of_an_image_counts_and_a_small_one_is_one(tmp_path):
    Image.fromarray(np.full((60, 100, 3), 250, np.uint8)).save(tmp_path / "a.png")
    assert squares(tmp_path / "a.png", 50, 0.5) == [Box(0, 0, 50, 50), Box(50, 0, 50, 50)]
    assert squares(tmp_path / "a.png", 500, 0.5) == [Box(0, 0, 100, 60)]


def test_glass_has_none(tmp_path):
    write_tiny_slide(tmp_path / "a.tif", np.full((300, 300, 3), 245, np.uint8), mpp=0.5)
    assert squares(tmp_path / "a.tif", 64) == []
