"""Values become grey levels over their range, channels the last axis."""

import numpy as np
import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.outputs.rgb_picture import rgb_picture


def test_pixels_of_an_8_bit_image_come_back(np_rng):
    pixels = np_rng.integers(0, 256, size=(5, 6, 3), dtype=np.uint8)
    tensor = torch.from_numpy(np.moveaxis(pixels, 2, 0).copy())
    np.testing.assert_array_equal(rgb_picture(tensor), pixels)
    np.testing.assert_array_equal(rgb_picture(tensor.float()), pixels)


def test_range_is_stretched_to_black_and_white_and_cut():
    image = torch.tensor([-3.0, -1.0, 0.0, 1.0, 9.0]).expand(3, 1, 5)
    assert rgb_picture(image, value_range=(-1, 1))[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_picture_takes_the_size_height_first():
    image = torch.zeros(3, 4, 4)
    image[:, :, 2:] = 255
    picture = rgb_picture(image, size=(2, 8))
    assert picture.shape == (2, 8, 3)
    assert picture[:, :2].max() == 0
    assert picture[:, 6:].min() == 255


@pytest.mark.parametrize(
    ("shape", "value_range"), [((1, 4, 4), (0, 1)), ((3, 4), (0, 1)), ((3, 4, 4), (1, 1))]
)
def test_other_images_are_refused(shape, value_range):
    with pytest.raises(SettingError, match=r"\[3, H, W\], and white is above black"):
        rgb_picture(torch.zeros(shape), value_range=value_range)
