"""What a region's pixels are does not depend on where its edges lie."""

import numpy as np
import pytest
import torch

from monai_ext.data.label_runs import label_pieces
from monai_ext.engines.segment_inferer import labelled_rows, segment_slide
from monai_ext.engines.segment_region import Box, segment_region
from monai_ext.engines.segment_windows import plan_windows
from monai_ext.errors import SettingError
from tests.engines.segment_parts import Context, image_slide, random_picture


@pytest.fixture
def slide(tmp_path):
    return image_slide(tmp_path / "s.png", random_picture(150, 190))


@pytest.mark.parametrize(
    "box", [Box(40, 50, 61, 33), Box(0, 0, 190, 150), Box(150, 100, 40, 50), Box(3, 140, 1, 1)]
)
def test_a_region_is_the_whole_slides_label_map_there(slide, box):
    whole = segment_slide(slide, Context())
    found = segment_region(slide, Context(), [box])
    rows, cols = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
    np.testing.assert_array_equal(found.labels.labels, whole.labels[rows, cols])
    assert found.corner == (box.left, box.top)
    assert found.labels.size == (box.width, box.height)
    expected = np.bincount(whole.labels[rows, cols].ravel())
    assert found.labels.seen.tolist() == expected.tolist()


def test_probabilities_of_runs_are_the_whole_slides(slide):
    plan = plan_windows((190, 150), slide.settings.roi_px, slide.settings.overlap)
    with torch.no_grad():
        bands = list(labelled_rows(slide, Context(), plan))
    probability = np.concatenate([band[2] for band in bands])[60:100, 30:130]
    found = segment_region(slide, Context(), [Box(30, 60, 100, 40)]).labels.runs
    for row, start, stop, mass in zip(found.row, found.start, found.stop, found.mass, strict=True):
        assert mass == pytest.approx(probability[row, start:stop].sum(), rel=1e-5)


def test_several_boxes_are_one_map_with_nothing_between_them(slide):
    whole = segment_slide(slide, Context()).labels
    boxes = [Box(10, 20, 30, 25), Box(120, 90, 40, 30), Box(25, 30, 30, 25)]
    found = segment_region(slide, Context(), boxes)
    expected = np.zeros_like(whole)
    for box in boxes:
        part = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
        expected[part] = whole[part]
    np.testing.assert_array_equal(found.labels.labels, expected[20:120, 10:160])
    assert found.corner == (10, 20)


def test_only_windows_that_touch_a_box_are_read(slide):
    class Counting(Context):
        windows = 0

        def forward(self, image):
            self.windows += len(image)
            return super().forward(image)

    network = Counting()
    segment_region(slide, network, [Box(60, 60, 4, 4)])
    assert network.windows == 1


def test_level_0_px_are_scaled_outward_to_the_networks(tmp_path):
    slide = image_slide(tmp_path / "s.png", random_picture(160, 160), mpp=0.25)
    found = segment_region(slide, Context(), [Box(21, 40, 30, 31)])
    assert found.corner == (20, 40)
    assert found.labels.labels.shape == (16, 16)
    assert found.labels.size == (32, 32)
    whole = segment_slide(slide, Context()).labels
    np.testing.assert_array_equal(found.labels.labels, whole[20:36, 10:26])


def test_what_lies_outside_is_cut_off(slide):
    found = segment_region(slide, Context(), [Box(170, -20, 60, 40), Box(500, 0, 5, 5)])
    assert found.labels.labels.shape == (20, 20)
    assert found.corner == (170, 0)


@pytest.mark.parametrize("boxes", [[], [Box(500, 0, 5, 5)], [Box(5, 5, 0, 9)]])
def test_a_region_elsewhere_is_refused(slide, boxes):
    with pytest.raises(SettingError, match="is not on the slide, which is 190 x 150 px"):
        segment_region(slide, Context(), boxes)


@pytest.mark.parametrize(
    ("other", "is_met"),
    [
        (Box(5, 5, 1, 1), True),
        (Box(9, 19, 50, 50), True),
        (Box(-5, -5, 6, 6), True),
        (Box(10, 0, 5, 5), False),
        (Box(0, 20, 5, 5), False),
        (Box(-5, 0, 5, 5), False),
        (Box(0, -5, 5, 5), False),
    ],
)
def test_boxes_that_only_touch_share_no_ground(other, is_met):
    box = Box(0, 0, 10, 20)
    assert box.meets(other) == other.meets(box) == is_met


def test_pieces_end_at_the_region(slide):
    found = segment_region(slide, Context(), [Box(40, 50, 60, 30)]).labels
    pieces = label_pieces(found.runs)
    assert pieces.pixels.sum() == (found.labels > 0).sum()
