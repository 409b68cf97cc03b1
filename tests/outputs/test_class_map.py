"""A class map read back holds the ids, and looks as every picture of classes does."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.mask_image import read_mask
from monai_ext.errors import SettingError
from monai_ext.outputs.class_map import write_class_map
from monai_ext.outputs.label_colours import label_colours


def test_ids_come_back_and_colours_are_those_of_classes(tmp_path, np_rng):
    classes = np_rng.integers(0, 256, size=(7, 9))
    write_class_map(tmp_path / "a.png", classes, provenance="p1")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), classes)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.text == {"provenance": "p1"}
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), label_colours(classes))


@pytest.mark.parametrize("value", [-1, 256])
def test_ids_that_are_no_byte_are_refused(tmp_path, value):
    with pytest.raises(SettingError, match="a class map holds 0 to 255"):
        write_class_map(tmp_path / "a.png", np.array([[0, value]]))
    assert not list(tmp_path.iterdir())
