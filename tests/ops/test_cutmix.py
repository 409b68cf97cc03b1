"""Boxes are where they are drawn, and everything in them comes from the same image."""

import pytest
import torch

from monai_ext.ops.cutmix import cutmix_boxes, paste_partner


def test_boxes_are_filled_rectangles_within_the_ranges(rng):
    area, aspect = (0.1, 0.3), (0.5, 2.0)
    boxes = cutmix_boxes(200, 60, 40, prob=1.0, area=area, aspect=aspect, generator=rng)
    for box in boxes:
        rows, cols = (torch.nonzero(box.any(d)).flatten() for d in (1, 0))
        height, width = int(rows[-1] - rows[0]) + 1, int(cols[-1] - cols[0]) + 1
        assert box.sum() == height * width
        assert 0.09 < height * width / 2400 < 0.31
        assert 0.45 < height / width < 2.2
    assert boxes[:, 0].any()
    assert boxes[:, -1].any()
    assert boxes[:, :, 0].any()
    assert boxes[:, :, -1].any()


def test_prob_is_how_often_there_is_a_box(rng):
    share = cutmix_boxes(2000, 16, 16, prob=0.3, generator=rng).flatten(1).any(1).float().mean()
    assert share.item() == pytest.approx(0.3, abs=0.04)
    assert not cutmix_boxes(50, 16, 16, prob=0.0, generator=rng).any()


def test_a_box_that_never_fits_is_left_out(rng):
    assert not cutmix_boxes(5, 4, 40, prob=1.0, area=(0.9, 0.9), aspect=(9, 9), generator=rng).any()


def test_the_draw_is_the_generators():
    one, two, other = (
        cutmix_boxes(8, 32, 32, generator=torch.Generator().manual_seed(s)) for s in (3, 3, 4)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_images_labels_and_confidences_share_box_and_partner(rng):
    images = torch.rand(4, 3, 12, 10, generator=rng)
    labels = images[:, 0] * 7
    boxes = cutmix_boxes(4, 12, 10, prob=0.8, generator=rng)
    assert boxes.any()
    mixed, mixed_labels = paste_partner(images, boxes), paste_partner(labels, boxes)
    torch.testing.assert_close(mixed[:, 0] * 7, mixed_labels)
    for k in range(4):
        torch.testing.assert_close(mixed[k][:, boxes[k]], images[k - 1][:, boxes[k]])
        torch.testing.assert_close(mixed[k][:, ~boxes[k]], images[k][:, ~boxes[k]])
