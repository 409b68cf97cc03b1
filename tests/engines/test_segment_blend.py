"""Bands from the sums of windows against the sum over the picture as a whole."""

import numpy as np
import pytest
import torch

from monai_ext.engines.segment_blend import WindowScores, blended_bands
from monai_ext.engines.segment_windows import plan_windows


def dense(plan, windows, importance):
    """Mean in float64, with all sums in memory."""
    shape = (2, *plan.padded[::-1])
    total, weight = torch.zeros(shape).double(), torch.zeros(shape[1:]).double()
    for row, lefts, scores in windows:
        for left, score in zip(lefts, scores, strict=True):
            rows = slice(plan.rows[row], plan.rows[row] + plan.roi_px)
            cols = slice(left, left + plan.roi_px)
            total[:, rows, cols] += score.double() * importance
            weight[rows, cols] += importance
    return total / weight.clamp(min=1e-300), weight > 0


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.7])
@pytest.mark.parametrize("share", [1.0, 0.4, 0.1])
def test_bands_are_the_weighted_mean_of_the_chosen_windows(overlap, share, rng):
    plan = plan_windows((50, 64), 12, overlap)
    plan.chosen[:] = np.random.default_rng(3).random(plan.chosen.shape) < share
    importance = torch.rand(12, 12, generator=rng) + 0.1
    windows = []
    for row in range(len(plan.rows)):
        lefts = [plan.cols[col] for col in np.flatnonzero(plan.chosen[row])]
        for some in (lefts[:2], lefts[2:]):
            if some:
                scores = torch.randn(len(some), 2, 12, 12, generator=rng)
                windows.append(WindowScores(row, some, scores))
    expected, is_seen = dense(plan, windows, importance)
    found, seen, bottom = torch.zeros(2, 64, 50), torch.zeros(64, 50, dtype=torch.bool), 0
    for top, scores, mask in blended_bands(windows, plan, importance):
        assert top >= bottom
        bottom = top + scores.shape[1]
        found[:, top:bottom], seen[top:bottom] = scores, mask
    assert bottom <= 64
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(seen, is_seen)
    assert share < 1 or bool(seen.all())


def test_nothing_gives_nothing():
    plan = plan_windows((50, 64), 12, 0.25)
    assert list(blended_bands([], plan, torch.ones(12, 12))) == []
