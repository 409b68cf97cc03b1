import numpy as np
from PIL import Image

from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.label.unlabelled_squares import unlabelled_squares
from monai_ext.testing.tiny_slides import write_tiny_slide
from tests.engines.segment_parts import settings_for
from tests.engines.tiny_extraction import TISSUE, tissue_image
from tests.label.label_parts import stained


def squares(path, folder, count=5, edge_px=64, mpp=None, seed=0, **given):
    slide = SlideToSegment(path, path.stem, mpp, settings_for(tissue=TISSUE, **given))
    return unlabelled_squares(slide, count, edge_px, folder, seed=seed)


def test_squares_lie_on_tissue_and_name_no_mask(tmp_path):
    image = tissue_image(384, 512)
    write_tiny_slide(tmp_path / "a.tif", image, mpp=0.5)
    items = squares(tmp_path / "a.tif", tmp_path, count=100)
    assert len(items) > 8
    assert all("label" not in item and item["patient"] == "a" for item in items)
    for item in items:
        pixels = np.asarray(Image.open(item["image"]))
        assert pixels.shape == (64, 64, 3)
        assert (pixels.max(2).astype(int) - pixels.min(2) > 20).mean() > 0.4
    assert len({item["slide"] for item in items}) == len(items)


def test_the_draw_hangs_on_the_seed_only(tmp_path):
    write_tiny_slide(tmp_path / "a.tif", tissue_image(384, 512), mpp=0.5)
    drawn = [
        [item["slide"] for item in squares(tmp_path / "a.tif", tmp_path / str(k), seed=seed)]
        for k, seed in enumerate((0, 0, 1))
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 5


def test_edges_are_in_the_networks_pixels(tmp_path):
    write_tiny_slide(tmp_path / "a.tif", stained(400, 400), mpp=0.25)
    (item, *_) = squares(tmp_path / "a.tif", tmp_path, edge_px=50)
    assert Image.open(item["image"]).size == (50, 50)
    assert item["slide"].endswith("_100_100")


def test_a_small_picture_is_taken_whole(tmp_path):
    Image.fromarray(stained(40, 30)).save(tmp_path / "a.png")
    (item,) = squares(tmp_path / "a.png", tmp_path / "o", mpp=0.5)
    assert Image.open(item["image"]).size == (30, 40)


def test_glass_gives_none(tmp_path):
    write_tiny_slide(tmp_path / "a.tif", np.full((300, 300, 3), 245, np.uint8), mpp=0.5)
    assert squares(tmp_path / "a.tif", tmp_path) == []
