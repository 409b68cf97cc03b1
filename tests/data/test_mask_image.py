"""Masks of every usual kind give class numbers; others are refused with their fault."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.mask_image import mask_problem, read_mask, read_sound_mask
from monai_ext.errors import SlideError

TRUTH = np.array([[0, 1, 1], [1, 0, 0]], np.uint8)


def test_one_bit_grey_and_palette_pictures_are_class_numbers(tmp_path):
    Image.fromarray(TRUTH.astype(bool)).save(tmp_path / "bits.png")
    Image.fromarray(TRUTH).save(tmp_path / "grey.tif")
    palette = Image.fromarray(TRUTH, mode="P")
    palette.putpalette([9, 9, 9, 200, 0, 0])
    palette.save(tmp_path / "palette.png")
    for name in ("bits.png", "grey.tif", "palette.png"):
        np.testing.assert_array_equal(read_mask(tmp_path / name), TRUTH)
        assert read_mask(tmp_path / name).dtype == np.uint8


def test_other_pictures_and_files_are_refused(tmp_path):
    Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(tmp_path / "rgb.png")
    Image.fromarray(np.zeros((2, 3), np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    for name, why in (("rgb", "type RGB"), ("deep", "type I;16"), ("broken", "cannot be read")):
        with pytest.raises(SlideError, match=why):
            read_mask(tmp_path / f"{name}.png")
    with pytest.raises(SlideError, match="cannot be read"):
        read_mask(tmp_path / "none.png")


@pytest.mark.parametrize(
    ("mask", "size", "problem"),
    [
        (TRUTH, (2, 3), None),
        (np.array([[0, 1, 255]]), (1, 3), None),
        (TRUTH, (3, 2), "mask is 3 x 2 px, its image 2 x 3"),
        (TRUTH, (2, 5), "mask is 3 x 2 px, its image 5 x 2"),
        (np.array([[0, 4, 7]]), (1, 3), "mask holds [4, 7], the classes are 0 to 1"),
        (np.array([[0, 255]]), (1, 2), "write 1 for gland"),
    ],
)
def test_each_fault_is_named(mask, size, problem):
    found = mask_problem(mask.astype(np.uint8), size, ["background", "gland"])
    assert found is None if problem is None else problem in str(found)


def test_a_mask_that_does_not_fit_names_its_file(tmp_path):
    Image.fromarray(TRUTH).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_sound_mask(tmp_path / "m.png", (2, 3), "ab"), TRUTH)
    with pytest.raises(SlideError, match=r"m\.png: mask is 3 x 2"):
        read_sound_mask(tmp_path / "m.png", (5, 5), "ab")
