import numpy as np
import pytest
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.errors import AnnotationError
from monai_ext.label.training_picture import picture_size, write_picture
from monai_ext.wsi import open_slide
from tests.label.label_parts import stained, write_slide


def test_picture_and_mask_lie_under_one_name(tmp_path):
    path = write_slide(tmp_path / "a.tif")
    mask = np.zeros((40, 60), np.uint8)
    mask[3, 5] = 1
    with open_slide(path) as reader:
        item = write_picture(tmp_path, "a", reader, Box(16, 24, 60, 40), 0.5, 1.0, mask)
    assert item["slide"] == "a@16_24_60_40"
    assert (item["patient"], item["mpp"]) == ("a", 0.5)
    seen = np.asarray(Image.open(item["image"])).astype(int)
    assert np.abs(seen - stained(200, 320)[24:64, 16:76]).mean() < 4  # JPEG
    np.testing.assert_array_equal(np.asarray(Image.open(item["label"])), mask)


def test_without_a_mask_none_is_named(tmp_path):
    with open_slide(write_slide(tmp_path / "a.tif")) as reader:
        item = write_picture(tmp_path, "a", reader, Box(0, 0, 64, 32), 1.0, 2.0)
    assert "label" not in item
    assert Image.open(item["image"]).size == (32, 16)


def test_size_is_that_of_the_networks_pixels():
    assert picture_size(Box(0, 0, 101, 50), 2.0) == (50, 25)
    assert picture_size(Box(0, 0, 1, 1), 4.0) == (1, 1)
    with pytest.raises(AnnotationError, match="20000 x 10 px"):
        picture_size(Box(0, 0, 20_000, 10), 1.0)
