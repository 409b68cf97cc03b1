"""Image and mask at one resolution, and still on top of each other."""

import numpy as np
import pytest
import torch
from PIL import Image

from monai_ext.errors import CohortError, SlideError
from monai_ext.transforms.load_image_mask import LoadImageMaskd, resampled_mask


@pytest.fixture
def item(tmp_path):
    mask = np.zeros((40, 60), np.uint8)
    mask[8:32, 12:48] = 1
    image = np.stack([255 * mask, 0 * mask, 255 - 255 * mask], 2).astype(np.uint8)
    Image.fromarray(image).save(tmp_path / "i.png")
    Image.fromarray(mask).save(tmp_path / "m.png")
    return {
        "image": str(tmp_path / "i.png"),
        "label": str(tmp_path / "m.png"),
        "mpp": 0.5,
        "slide": "s",
    }


def test_stored_pixels_without_a_resolution(item):
    found = LoadImageMaskd(["a", "b"])(item)
    np.testing.assert_array_equal(
        found["image"].numpy().transpose(1, 2, 0), np.asarray(Image.open(item["image"]))
    )
    np.testing.assert_array_equal(found["label"][0].numpy(), np.asarray(Image.open(item["label"])))
    assert found["label_path"] == item["label"]
    assert found["slide"] == "s"
    assert item["image"].endswith(".png")


@pytest.mark.parametrize(
    ("mpp", "size"), [(1.0, (20, 30)), (2.0, (10, 15)), (0.8, (25, 38)), (50.0, (1, 1))]
)
def test_both_are_resampled_together(item, mpp, size):
    found = LoadImageMaskd(["a", "b"], mpp)(item)
    assert found["image"].shape == (3, *size)
    assert found["label"].shape == (1, *size)
    if min(size) > 1:
        red = found["image"][0] > 127
        assert (red == (found["label"][0] == 1)).double().mean() > 0.93
    assert found["image"].dtype == found["label"].dtype == torch.uint8


def test_a_mask_pixel_is_what_fills_most_of_it():
    mask = torch.tensor([[[0, 1, 2, 2], [1, 1, 2, 255]]], dtype=torch.uint8)
    assert resampled_mask(mask, (1, 2)).tolist() == [[[1, 2]]]
    checks = (torch.arange(16) % 4 == 0).to(torch.uint8).expand(1, 16, 16)  # one column in four
    assert not resampled_mask(checks, (4, 4)).any()
    fine = torch.zeros(1, 300, 300, dtype=torch.uint8)
    fine[:, :, 130:] = 1
    assert resampled_mask(fine, (30, 30))[0, 0].tolist() == [0] * 13 + [1] * 17


def test_an_item_without_mask_or_mpp(item):
    bare = {k: v for k, v in item.items() if k != "label"}
    assert "label" not in LoadImageMaskd(["a", "b"], 1.0)(bare)
    bare.pop("mpp")
    with pytest.raises(CohortError, match="has no mpp"):
        LoadImageMaskd(["a", "b"], 1.0)(bare)


def test_a_mask_that_does_not_fit_is_refused(item, tmp_path):
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(tmp_path / "m.png")
    with pytest.raises(SlideError, match="mask is 3 x 3"):
        LoadImageMaskd(["a", "b"])(item)
