"""All faults of images and masks come in one list, and unlabelled masks are not looked at."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.segmentation_datalist import load_segmentation_datalist
from monai_ext.engines.mask_check import check_masks
from monai_ext.errors import CohortError
from monai_ext.testing.toy_masks import write_toy_masks


@pytest.fixture
def toy(tmp_path):
    return write_toy_masks(tmp_path)


def test_sound_images_pass_whatever_unlabelled_and_test_masks_hold(toy):
    for name in ("unlabelled_0", "test_0"):
        (toy.parent / "masks" / f"{name}.png").write_bytes(b"no picture")
    check_masks(load_segmentation_datalist(toy))
    (toy.parent / "masks" / "training_0.png").write_bytes(b"no picture")
    with pytest.raises(CohortError, match=r": training: .training_0.: .*Rule:"):
        check_masks(load_segmentation_datalist(toy))


def test_every_fault_is_in_the_list(toy):
    folder = toy.parent
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(folder / "masks" / "training_0.png")
    Image.fromarray(np.full((48, 64), 9, np.uint8)).save(folder / "masks" / "validation_1.png")
    Image.fromarray(np.zeros((48, 64), np.uint16)).save(folder / "images" / "unlabelled_2.png")
    with pytest.raises(CohortError) as found:
        check_masks(load_segmentation_datalist(toy))
    assert "has 3 problems" in str(found.value)
    for words in (
        "training: 'training_0': mask is 5 x 5 px",
        "validation: 'validation_1': mask holds [9]",
        "unlabelled: 'unlabelled_2': image",
    ):
        assert words in str(found.value)


def test_a_class_that_only_validation_shows_is_missing(toy):
    for path in (toy.parent / "masks").glob("training_*"):
        Image.fromarray(np.zeros((48, 64), np.uint8)).save(path)
    with pytest.raises(CohortError, match="3 labelled images show no pixel of disc"):
        check_masks(load_segmentation_datalist(toy))
