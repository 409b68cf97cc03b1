from dataclasses import replace

import numpy as np
import pytest

from monai_ext.errors import SlideError
from monai_ext.wsi.grid import build_grid
from monai_ext.wsi.grid_spec import GridSpec

SPEC = GridSpec(256, (0.5, 1.0, 2.0), 0.02, 0.35, 1.3)


class Cells:
    """Tissue fractions given cell by cell."""

    def __init__(self, fraction):
        self.values = np.asarray(fraction, float)

    def fraction(self, x0, y0, step, rows, cols):
        assert (x0, y0, (rows, cols)) == (0, 0, self.values.shape)
        return self.values


@pytest.mark.parametrize(
    ("mpp", "step"),
    [
        (0.5, 256),
        (0.25, 512),
        (0.499, 256),
        (0.244, 525),
        (0.3975, 322),
        (0.2475, 512),
        (0.2501, 512),
        (0.46, 278),
    ],
)
def test_step_snaps_to_a_multiple_of_the_tile_within_two_percent(mpp, step):
    assert build_grid(SPEC, mpp, (5000, 5000)).step_px == step


def test_no_tolerance_rounds_only():
    assert build_grid(replace(SPEC, snap_tolerance=0.0), 0.499, (5000, 5000)).step_px == 257


def test_steps_double_and_effective_mpp_follows_the_step():
    grid = build_grid(SPEC, 0.244, (9000, 9000))
    assert [tiles.step_px for tiles in grid.levels] == [525, 1050, 2100]
    assert grid.effective_mpps == pytest.approx([525 * 0.244 / 256 * k for k in (1, 2, 4)])


def test_slide_somewhat_too_coarse_is_upsampled_and_says_so():
    grid = build_grid(SPEC, 0.62, (5000, 5000))
    assert grid.step_px == 206
    assert grid.upsample == pytest.approx(256 / 206)
    assert build_grid(SPEC, 0.25, (5000, 5000)).upsample == 1


def test_slide_far_too_coarse_is_refused():
    with pytest.raises(SlideError, match=r"mpp=0\.7 would be upsampled 1\.40.*max_upsample=1\.3"):
        build_grid(SPEC, 0.7, (5000, 5000))


def test_tiles_cover_the_slide_from_its_corner_in_raster_order():
    grid = build_grid(replace(SPEC, min_tissue=0.0), 0.5, (600, 300))
    assert grid.coords(0).tolist() == [[0, 0], [256, 0], [512, 0], [0, 256], [256, 256], [512, 256]]
    assert grid.coords(1).tolist() == [[0, 0], [512, 0]]
    assert grid.coords(0).dtype == np.int64


def test_partial_edge_tile_counts_its_outside_as_no_tissue():
    tiles = build_grid(replace(SPEC, min_tissue=0.34), 0.5, (256 + 88, 256)).levels[0]
    assert tiles.tissue.tolist() == pytest.approx([1, 88 / 256])
    assert len(build_grid(SPEC, 0.5, (256 + 88, 256)).levels[0]) == 1


def test_tile_at_the_threshold_is_kept():
    tiles = build_grid(SPEC, 0.5, (512, 256), Cells([[0.35, 0.349]])).levels[0]
    assert tiles.col.tolist() == [0]


@pytest.mark.parametrize("mpps", [(0.5, 1.0, 2.0), (0.5, 2.0), (0.5, 1.0, 2.0, 4.0)])
def test_parents_and_ancestors_agree_with_brute_force(np_rng, mpps):
    cells = Cells(np_rng.random((37, 53)) * (np_rng.random((37, 53)) < 0.2))
    grid = build_grid(replace(SPEC, mpps=mpps), 0.5, (53 * 256 - 9, 37 * 256 - 5), cells)
    finest = {(r, c) for r in range(37) for c in range(53) if cells.values[r, c] >= 0.35}
    assert len(finest) > 100
    for i, child in enumerate(grid.levels):
        side = child.step_px // 256
        held = sorted({(r // side, c // side) for r, c in finest})
        assert list(zip(child.row.tolist(), child.col.tolist(), strict=True)) == held
        for k in range(1, len(mpps) - i):
            parent, index = grid.levels[i + k], grid.parents(i, k)
            ratio = parent.step_px // child.step_px
            assert (parent.row[index] == child.row // ratio).all()
            assert (parent.col[index] == child.col // ratio).all()


def test_tissue_of_a_coarse_tile_is_that_of_its_area(np_rng):
    cells = Cells(np_rng.random((5, 7)))
    coarse = build_grid(replace(SPEC, min_tissue=0.0), 0.5, (7 * 256, 5 * 256), cells).levels[2]
    expected = [cells.values[:4, :4].sum(), cells.values[:4, 4:].sum()]
    expected += [cells.values[4:, :4].sum(), cells.values[4:, 4:].sum()]
    np.testing.assert_allclose(coarse.tissue, np.array(expected) / 16, rtol=1e-6)


def test_no_tissue_gives_empty_levels():
    grid = build_grid(SPEC, 0.5, (512, 512), Cells(np.zeros((2, 2))))
    assert [len(tiles) for tiles in grid.levels] == [0, 0, 0]
    assert grid.coords(0).shape == (0, 2)
    assert grid.parents(0).shape == (0,)
