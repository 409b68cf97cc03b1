"""Windows lie where MONAI's lie; tissue chooses among them."""

import numpy as np
import pytest
from monai.inferers import SlidingWindowInferer

from monai_ext.engines.segment_windows import plan_windows
from monai_ext.wsi import TissueMask

CASES = [
    (100, 70, 32, 0.25),
    (100, 70, 32, 0.6),
    (20, 70, 32, 0.25),
    (5, 3, 16, 0.5),
    (64, 64, 32, 0),
]


@pytest.mark.parametrize(("width", "height", "roi", "overlap"), CASES)
def test_windows_are_those_of_monai(width, height, roi, overlap):
    import torch

    seen, corners = [], []
    places = torch.arange(width * height).reshape(1, 1, height, width).float()

    def network(window):
        seen.extend(window[:, 0].flatten(1).amax(1).int().tolist())
        inside = window[0, 0] >= 0
        corners.append((int(inside.any(0).int().argmax()), int(inside.any(1).int().argmax())))
        return window

    SlidingWindowInferer(roi, 1, overlap, cval=-1)(places, network)
    plan = plan_windows((width, height), roi, overlap)
    last = [
        (min(b, height) - 1) * width + min(r, width) - 1 for _, _, r, b in plan.boxes().tolist()
    ]
    assert last == seen
    assert plan.before == corners[0]
    assert plan.chosen.all()
    assert plan.padded == (max(width, roi), max(height, roi))


def tissue(mask, down):
    size = mask.shape[1] * down, mask.shape[0] * down
    return TissueMask(mask, (float(down), float(down)), size)


def test_windows_that_touch_tissue_are_chosen_also_at_another_scale():
    mask = np.zeros((10, 12), bool)
    mask[4, 5] = True  # level 0: x 40 to 48, y 32 to 40
    plan = plan_windows((48, 40), 8, 0.0, tissue(mask, 8), scale=2.0)  # px: x 20 to 24, y 16 to 20
    assert plan.boxes().tolist() == [[16, 16, 24, 24]]
    shifted = plan_windows((48, 40), 8, 0.5, tissue(mask, 8), scale=2.0)
    assert shifted.boxes()[:, 0].min() == 16
    assert shifted.boxes()[:, 2].max() == 28
    assert len(shifted.boxes()) == 2 * 2


def test_a_window_that_only_shares_an_edge_with_tissue_is_not_chosen():
    mask = np.zeros((4, 4), bool)
    mask[1, 1] = True
    plan = plan_windows((32, 32), 8, 0.0, tissue(mask, 8))
    assert plan.boxes().tolist() == [[8, 8, 16, 16]]
    assert not plan_windows((32, 32), 8, 0.0, tissue(mask & False, 8)).chosen.any()
