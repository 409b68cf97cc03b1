"""What the simulated annotator writes is read back as the truth inside its squares, no more."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.drawing import read_drawing
from monai_ext.data.glas import GLAS_MPP, read_glas
from monai_ext.data.mask_image import read_mask
from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.label.labelled_regions import labelled_regions
from monai_ext.label.served_slide import opened_slide
from monai_ext.label.truth_answer import write_truth
from monai_ext.testing.shared_data import shared_data_path
from tests.label.label_parts import stained

UNCOUNTED = 255
NAMES = ["background", "gland", "stroma"]


def settings(mpp):
    return SegmentationSettings(target_mpp=mpp, roi_px=64, overlap=0.25, batch_size=1, prefetch=1)


def painted(image, xml, boxes, names, folder, mpp, target=None):
    """The masks that training gets, and the truth's places of the same boxes."""
    with opened_slide(image, "one", settings(target or mpp), mpp) as slide:
        items = labelled_regions(slide, read_drawing(xml), names, folder)
    assert [item["image"].rsplit("@")[-1] for item in items] == [
        f"{box.left}_{box.top}_{box.width}_{box.height}.png" for box in boxes
    ]
    return [read_mask(item["label"]) for item in items]


def inside(truth, box):
    return truth[box.top : box.top + box.height, box.left : box.left + box.width]


def blobs(seed, height=150, width=200):
    """Classes in clumps with holes, islands in holes, and pieces that meet at corners."""
    smooth = stained(height, width, seed)[..., 0].astype(int)
    return (np.digitize(smooth, np.quantile(smooth, [0.5, 0.8]))).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
def test_masks_of_training_are_the_truth_inside_the_boxes(tmp_path, seed):
    truth = blobs(seed)
    noise = np.random.default_rng(seed)
    spots = noise.random(truth.shape) < 0.02
    truth[spots] = noise.integers(0, 3, spots.sum())
    Image.fromarray(stained(*truth.shape)).save(tmp_path / "one.png")
    boxes = [Box(0, 0, 64, 64), Box(64, 0, 64, 64), Box(130, 70, 64, 80)]
    count = write_truth(tmp_path / "one.xml", truth, NAMES, boxes)
    assert count > 3 * len(boxes)
    masks = painted(tmp_path / "one.png", tmp_path / "one.xml", boxes, NAMES, tmp_path, 0.5)
    assert len({int(value) for mask in masks for value in np.unique(mask)}) == 3
    for mask, box in zip(masks, boxes, strict=True):
        np.testing.assert_array_equal(mask, inside(truth, box))


def test_outside_the_boxes_nothing_is_annotated(tmp_path):
    truth = np.ones((100, 120), np.uint8)
    write_truth(tmp_path / "one.xml", truth, NAMES, [Box(20, 30, 40, 50)])
    from monai_ext.data.drawn_mask import drawn_mask

    whole = drawn_mask(read_drawing(tmp_path / "one.xml"), NAMES, truth.shape)
    expected = np.full(truth.shape, UNCOUNTED, np.uint8)
    expected[30:80, 20:60] = 1
    np.testing.assert_array_equal(whole, expected)


def test_a_box_without_polygons_is_background(tmp_path):
    truth = np.zeros((64, 64), np.uint8)
    Image.fromarray(stained(64, 64)).save(tmp_path / "one.png")
    boxes = [Box(0, 0, 64, 64)]
    assert write_truth(tmp_path / "one.xml", truth, NAMES, boxes) == 1
    (mask,) = painted(tmp_path / "one.png", tmp_path / "one.xml", boxes, NAMES, tmp_path, 0.5)
    assert not mask.any()


def test_glands_of_glas_survive(tmp_path):
    image = read_glas(shared_data_path("glas"))[0]
    truth, names = read_mask(image.mask), ["background", "gland"]
    height, width = truth.shape
    boxes = [
        Box(x, y, 256, 256) for y in range(0, height - 255, 256) for x in range(0, width - 255, 256)
    ]
    write_truth(tmp_path / "one.xml", truth, names, boxes)
    for target, least in ((GLAS_MPP, 1.0), (2 * GLAS_MPP, 0.999)):
        given = (image.image, tmp_path / "one.xml", boxes, names, tmp_path / str(target))
        masks = painted(*given, GLAS_MPP, target)
        step = round(target / GLAS_MPP)
        kept = [
            (np.repeat(np.repeat(mask, step, 0), step, 1) == inside(truth, box)).mean()
            for mask, box in zip(masks, boxes, strict=True)
        ]
        assert len(kept) >= 2
        assert np.mean(kept) >= least - 0.01 * (step > 1)
