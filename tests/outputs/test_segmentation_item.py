"""Images of a batch, with logits at the size of the truth they are held against."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from monai_ext.errors import CohortError, SlideError
from monai_ext.outputs.segmentation_item import segmentation_items


@pytest.fixture
def mask(tmp_path, np_rng):
    pixels = np_rng.integers(0, 2, size=(6, 12), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    return tmp_path / "mask.png", pixels


@pytest.fixture
def batch(rng):
    return {
        "image": torch.rand(2, 3, 4, 4, generator=rng),
        "label": torch.randint(0, 2, (2, 1, 4, 4), generator=rng, dtype=torch.uint8),
        "slide": ["a", "b"],
        "patient": ["p", "q"],
        "mpp": torch.tensor([0.5, 0.25]),
    }


def items_of(batch, pred):
    state = SimpleNamespace(batch=batch, output={"pred": pred})
    return list(segmentation_items(SimpleNamespace(state=state)))


def test_batched_and_decollated_items_are_the_same(batch, rng):
    pred = torch.randn(2, 2, 4, 4, generator=rng)
    one_by_one = [{key: value[n] for key, value in batch.items()} for n in range(2)]
    outputs = [{"pred": pred[n]} for n in range(2)]
    state = SimpleNamespace(batch=one_by_one, output=outputs)
    decollated = list(segmentation_items(SimpleNamespace(state=state)))
    for n, (one, other) in enumerate(zip(items_of(batch, pred), decollated, strict=True)):
        assert (one.slide, one.patient, one.mpp) == (other.slide, other.patient, other.mpp)
        assert (one.slide, one.patient, one.mpp) == ("ab"[n], "pq"[n], [0.5, 0.25][n])
        for name, value in {"logits": pred[n], "label": batch["label"][n, 0].long()}.items():
            assert getattr(one, name).equal(value)
            assert getattr(other, name).equal(value)
        assert one.image.equal(batch["image"][n])
        assert one.label.dtype == torch.int64


def test_without_an_original_mask_the_label_is_the_truth(batch, rng):
    pred = torch.randn(2, 2, 4, 4, generator=rng)
    item = items_of(batch, pred)[1]
    truth, predicted = item.truth_and_prediction(at_full_size=True)
    assert truth.equal(batch["label"][1, 0].long())
    assert predicted.equal(pred[1].argmax(dim=0))
    assert item.um_a_pixel((4, 4)) == 0.25


def test_logits_are_resized_to_the_original_mask_before_a_class_is_taken(batch, mask, rng):
    pred = torch.randn(2, 2, 4, 4, generator=rng)
    item = items_of(batch | {"label_path": [str(mask[0]), ""]}, pred)[0]
    truth, predicted = item.truth_and_prediction(at_full_size=True)
    np.testing.assert_array_equal(truth, mask[1])
    np.testing.assert_array_equal(predicted, bilinear(pred[0].numpy(), 6, 12).argmax(axis=0))
    assert item.um_a_pixel((6, 12)) == 0.5


def bilinear(maps, height, width):
    """Pixel centres, edges held, written out for every pixel."""
    out = np.zeros((len(maps), height, width))
    for i in range(height):
        for j in range(width):
            y = np.clip((i + 0.5) * maps.shape[1] / height - 0.5, 0, maps.shape[1] - 1)
            x = np.clip((j + 0.5) * maps.shape[2] / width - 0.5, 0, maps.shape[2] - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, maps.shape[1] - 1), min(left + 1, maps.shape[2] - 1)
            above = maps[:, top, left] * (1 - x + left) + maps[:, top, right] * (x - left)
            below = maps[:, bottom, left] * (1 - x + left) + maps[:, bottom, right] * (x - left)
            out[:, i, j] = above * (1 - y + top) + below * (y - top)
    return out


def test_at_the_networks_size_a_pixel_is_larger_by_the_root_of_the_areas(batch, mask):
    item = items_of(batch | {"label_path": [str(mask[0]), ""]}, torch.zeros(2, 2, 4, 4))[0]
    truth, predicted = item.truth_and_prediction(at_full_size=False)
    assert truth.equal(batch["label"][0, 0].long())
    assert predicted.shape == (4, 4)
    assert item.um_a_pixel((4, 4)) == pytest.approx(0.5 * (72 / 16) ** 0.5)


def test_smaller_logits_are_brought_to_the_label(batch):
    item = items_of(batch, torch.zeros(2, 2, 2, 2))[0]
    assert item.truth_and_prediction(at_full_size=False)[1].shape == (4, 4)


def test_resolution_and_patient_may_be_unknown(batch):
    kept = {key: value for key, value in batch.items() if key not in ("mpp", "patient")}
    item = items_of(kept, torch.zeros(2, 2, 4, 4))[0]
    assert item.mpp is item.um_a_pixel((4, 4)) is None
    assert item.patient == ""


@pytest.mark.parametrize("name", ["", "../a", "x/y"])
def test_names_that_are_no_file_names_are_refused(batch, name):
    with pytest.raises(CohortError, match="every image has a name that can be a file's"):
        items_of(batch | {"slide": ["a", name]}, torch.zeros(2, 2, 4, 4))


def test_mask_that_cannot_be_read_is_named(batch, tmp_path):
    path = str(tmp_path / "none.png")
    with pytest.raises(SlideError, match=r"none\.png cannot be read"):
        items_of(batch | {"label_path": [path, path]}, torch.zeros(2, 2, 4, 4))
