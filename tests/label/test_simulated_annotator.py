"""Files of annotations grow square by square; images that nobody annotated have none."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.drawing import read_drawing
from monai_ext.data.drawn_mask import drawn_mask
from monai_ext.engines.segment_region import Box
from monai_ext.label.simulated_annotator import SimulatedAnnotator

NAMES = ["background", "gland"]
TRUTH = np.zeros((60, 90), np.uint8)
TRUTH[10:50, 20:70] = 1


@pytest.fixture
def annotator(tmp_path):
    items = []
    for name in ("two", "one"):
        Image.fromarray(TRUTH).save(tmp_path / f"{name}_truth.png")
        paths = {"image": f"{name}.png", "label": str(tmp_path / f"{name}_truth.png")}
        items.append({"slide": name, **paths})
    return SimulatedAnnotator(items, NAMES, tmp_path / "labels")


def test_an_image_has_a_file_once_something_is_annotated(annotator):
    assert [(one.name, one.label) for one in annotator.images] == [("one", None), ("two", None)]
    annotator.annotate([("two", Box(0, 0, 30, 30))])
    one, two = annotator.images
    assert one.label is None
    assert (two.label.name, two.label.is_file(), str(two.path)) == ("two.xml", True, "two.png")


def test_squares_add_up(annotator):
    boxes = [Box(0, 0, 30, 30), Box(60, 30, 30, 30), Box(30, 0, 30, 30)]
    annotator.annotate([("one", boxes[0]), ("two", boxes[0])])
    annotator.annotate([("one", box) for box in boxes[1:]])
    assert annotator.squares == [
        ("one", boxes[0]), ("two", boxes[0]), ("one", boxes[1]), ("one", boxes[2])
    ]  # fmt: skip
    expected = np.full(TRUTH.shape, 255, np.uint8)
    for box in boxes:
        place = np.s_[box.top : box.top + box.height, box.left : box.left + box.width]
        expected[place] = TRUTH[place]
    found = drawn_mask(read_drawing(annotator.images[0].label), NAMES, TRUTH.shape)
    np.testing.assert_array_equal(found, expected)
