import numpy as np
import pytest

from monai_ext.wsi.tissue_mask import TissueMask


def _brute_force(mask: TissueMask, x0, y0, step, rows, cols) -> np.ndarray:
    """Paint every level-0 px and count."""
    width, height = mask.slide_size
    y = np.minimum(((np.arange(height) + 0.5) / mask.downsample[1]).astype(int), len(mask.mask) - 1)
    x = np.minimum(
        ((np.arange(width) + 0.5) / mask.downsample[0]).astype(int), mask.mask.shape[1] - 1
    )
    painted = mask.mask[np.ix_(y, x)]
    counts = np.zeros((rows, cols))
    for r in range(rows):
        for c in range(cols):
            top, left = y0 + r * step, x0 + c * step
            part = painted[max(0, top) : max(0, top + step), max(0, left) : max(0, left + step)]
            counts[r, c] = part.sum()
    return counts / step**2


@pytest.mark.parametrize("downsample", [4, 7])
@pytest.mark.parametrize(("x0", "y0", "step"), [(0, 0, 10), (0, 0, 3), (-5, 7, 11), (0, 0, 64)])
def test_fraction_agrees_with_counting_pixels(np_rng, downsample, x0, y0, step):
    size = 101, 83
    shape = tuple(-(-edge // downsample) for edge in size[::-1])
    mask = TissueMask(np_rng.random(shape) < 0.4, (downsample, downsample), size)
    rows, cols = 100 // step + 1, 120 // step + 1
    np.testing.assert_allclose(
        mask.fraction(x0, y0, step, rows, cols),
        _brute_force(mask, x0, y0, step, rows, cols),
        atol=1e-12,
    )


def test_fractional_downsample_is_exact():
    mask = TissueMask(np.array([[True, False], [False, True]]), (2.5, 1.5), (5, 3))
    np.testing.assert_allclose(
        mask.fraction(0, 0, 1, 3, 5),
        [[1, 1, 0.5, 0, 0], [0.5, 0.5, 0.5, 0.5, 0.5], [0, 0, 0.5, 1, 1]],
        atol=1e-12,
    )


def test_outside_the_slide_is_no_tissue():
    mask = TissueMask(np.ones((2, 2), bool), (8.0, 8.0), (10, 12))
    np.testing.assert_allclose(mask.fraction(0, 0, 16, 2, 2), [[120 / 256, 0], [0, 0]])


def test_all_tissue_adds_up_to_the_area(np_rng):
    mask = TissueMask(np_rng.random((30, 40)) < 0.5, (7.3, 7.1), (290, 212))
    share = mask.fraction(0, 0, 13, 20, 25)
    whole = mask.fraction(0, 0, 400, 1, 1)
    assert share.sum() * 13**2 == pytest.approx(whole.sum() * 400**2, rel=1e-12)
