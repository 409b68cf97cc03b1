"""Paint: stroma without seams, nuclei where they belong, grain that half magnification hides."""

import numpy as np
import pytest

from monai_ext.data.pyramid_tiff import halve
from monai_ext.data.synthetic_stain import (
    draw_stain,
    fibre_texture,
    nucleus_stamps,
    paint_stroma,
    slow_changes,
    stamp_grain,
    stamp_nuclei,
)

PLACES = np.array([[20.0, 30.0], [51.0, 40.6], [33.3, 70.7]])


@pytest.fixture
def grey() -> np.ndarray:
    return np.full((96, 80, 3), 128, dtype=np.uint8)


def test_grain_keeps_every_block_of_two_by_two(grey, np_rng):
    grained = grey.copy()
    stamp_grain(grained, PLACES, 6.5, 24, np_rng)
    np.testing.assert_array_equal(halve(grained), halve(grey))
    assert np.abs(grained.astype(int) - 128).max() >= 24


def test_grain_leaves_blocks_that_would_be_clipped(np_rng):
    dark = np.full((96, 80, 3), 10, dtype=np.uint8)
    grained = dark.copy()
    stamp_grain(grained, PLACES, 6.5, 24, np_rng)
    np.testing.assert_array_equal(halve(grained), halve(dark))


def test_grain_stays_within_the_nuclei(grey, np_rng):
    grained = grey.copy()
    stamp_grain(grained, PLACES, 6.0, 24, np_rng)
    y, x = np.nonzero((grained != grey).any(axis=-1))
    distance = np.hypot(x[:, None] - PLACES[:, 0], y[:, None] - PLACES[:, 1])
    assert distance.min(axis=1).max() < 6 + 2.9  # a block and the even corner
    assert np.unique(distance.argmin(axis=1)).tolist() == [0, 1, 2]


def test_nuclei_are_dark_where_they_were_put(grey, np_rng):
    stamps = nucleus_stamps(np_rng, 6.0)
    stamp_nuclei(grey, PLACES, stamps, np.array([90.0, 60.0, 140.0]), np_rng)
    centres = grey[[30, 40, 70], [20, 51, 33]]
    assert centres[:, 1].max() < 110
    assert (grey[5, 5] == 128).all()


def test_nuclei_at_the_edge_are_left_out(grey, np_rng):
    before = grey.copy()
    edge = np.array([[2.0, 50.0], [78.0, 50.0], [40.0, 1.0], [40.0, 95.0]])
    stamp_nuclei(grey, edge, nucleus_stamps(np_rng, 6.0), np.array([90.0, 60.0, 140.0]), np_rng)
    np.testing.assert_array_equal(grey, before)


def test_texture_has_no_seam(np_rng):
    texture = fibre_texture(np_rng, 256)
    across = np.abs(texture[:, 0] - texture[:, -1]).mean()
    inside = np.abs(np.diff(texture, axis=1)).mean()
    assert across < 1.3 * inside
    assert texture.std() == pytest.approx(1)


def test_stroma_has_the_stain_of_its_slide(np_rng):
    stain = draw_stain(np_rng, 0.0)
    painted = paint_stroma(np_rng, (600, 300), stain)
    assert painted.shape == (300, 600, 3)
    means = painted.mean(axis=(0, 1))
    assert np.abs(means - (stain.stroma - 7)).max() < 5  # darkened by 7 on average


def test_stain_spread_moves_the_colours(np_rng):
    fixed = [draw_stain(np_rng, 0.0).stroma for _ in range(3)]
    moved = [draw_stain(np_rng, 5.0).stroma for _ in range(20)]
    assert np.std(fixed, axis=0).max() == 0
    assert 2 < np.std(moved, axis=0).mean() < 8


def test_slow_changes_are_slow(np_rng):
    field = slow_changes(np_rng, (600, 600), 14).astype(int)
    assert np.abs(np.diff(field, axis=1)).max() <= 2
    assert np.ptp(field) > 7
