import numpy as np
import pytest

from monai_ext.wsi.grid import build_grid
from monai_ext.wsi.grid_spec import GridSpec
from monai_ext.wsi.open_slide import open_slide
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.tiles import read_tiles

READERS = ["openslide", "strip", "cucim"]


class Scattered:
    """Every third cell is tissue."""

    def fraction(self, x0, y0, step, rows, cols):
        return (np.arange(rows * cols).reshape(rows, cols) % 3 == 0).astype(float)


def _grid(mpp, tile_px=64, tissue=None):
    spec = GridSpec(tile_px, (0.5, 1.0, 2.0), 0.02, 0.1, 1.3)
    return build_grid(spec, mpp, (912, 624), tissue)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(("mpp", "tile_px"), [(0.5, 128), (0.5, 96), (0.45, 100), (0.6, 64)])
def test_tiles_are_the_areas_of_the_grid(tiny_slide, reader, level, mpp, tile_px):
    grid = _grid(mpp, tile_px, Scattered())
    step = grid.levels[level].step_px
    with open_slide(tiny_slide, reader) as slide:
        seen = []
        for index, batch in read_tiles(slide, grid, level):
            for i, tile in zip(index, batch, strict=True):
                x, y = grid.coords(level)[i]
                area = read_area(slide, int(x), int(y), step, step, tile_px, tile_px)
                np.testing.assert_array_equal(tile, area)
            seen += index.tolist()
    assert seen == list(range(len(grid.levels[level])))


@pytest.mark.parametrize("reader", READERS)
def test_out_px_gives_tiles_of_that_size(tiny_slide, reader):
    grid = _grid(0.5)
    with open_slide(tiny_slide, reader) as slide:
        index, batch = next(iter(read_tiles(slide, grid, 0, out_px=32)))
        np.testing.assert_array_equal(batch[1], read_area(slide, 64, 0, 64, 64, 32, 32))
    assert index.tolist() == list(range(15))


@pytest.mark.parametrize("reader", READERS)
def test_edge_tiles_are_white_outside(tiny_slide, reader):
    grid = _grid(0.5, 128)
    with open_slide(tiny_slide, reader) as slide:
        *_, (_, batch) = read_tiles(slide, grid, 0)
    assert (batch[:, 624 - 512 :] == 255).all()
    assert (batch[-1][:, 912 - 896 :] == 255).all()
    assert batch[0, : 624 - 512].mean() < 250


@pytest.mark.parametrize("reader", READERS)
def test_batches_may_be_kept(tiny_slide, reader):
    grid = _grid(0.5)
    with open_slide(tiny_slide, reader) as slide:
        kept = [batch for _, batch in read_tiles(slide, grid, 0)]
        for batch, (_, again) in zip(kept, read_tiles(slide, grid, 0), strict=True):
            np.testing.assert_array_equal(batch, again)


def test_no_tiles_give_no_batch(tiny_slide):
    class Nothing:
        def fraction(self, x0, y0, step, rows, cols):
            return np.zeros((rows, cols))

    with open_slide(tiny_slide, "openslide") as slide:
        assert list(read_tiles(slide, _grid(0.5, tissue=Nothing()), 0)) == []
