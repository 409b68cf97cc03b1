"""The sheet shows the right tiles in the right order."""

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.outputs.contact_sheet import contact_sheet
from monai_ext.wsi.read_area import read_area
from tests.outputs.conftest import STEP, Bounded, grid_tiles

CELL, LEFT, FIRST = 64, 10 + 4, 10 + 18 + 4


def _cell(page, row, column):
    pitch = CELL + 8 + 10, CELL + 8 + 3 * 18 + 10
    y = FIRST + row * pitch[1]
    x = LEFT + column * pitch[0]
    return np.asarray(page)[y : y + CELL, x : x + CELL]


def _attention(*order):
    """Attention that falls along these (row, column) tiles; the others lie between."""
    values = np.full((11, 16), 0.5)
    for place, (row, col) in enumerate(order):
        values[row, col] = 1.0 - 0.1 * place
    return values.ravel()


def test_highest_tiles_come_first_in_order(slide):
    tiles = grid_tiles(attention=_attention((3, 6), (0, 0), (4, 7)))
    page = contact_sheet(tiles, slide, top=3, bottom=0, columns=3, tile_px=CELL)
    for n, (row, col) in enumerate([(3, 6), (0, 0), (4, 7)]):
        expected = read_area(slide, col * STEP, row * STEP, STEP, STEP, CELL, CELL)
        np.testing.assert_array_equal(_cell(page, 0, n), expected)
    assert _cell(page, 0, 1).mean() - _cell(page, 0, 0).mean() > 100


def test_lowest_tiles_end_with_the_lowest(slide):
    attention = _attention()
    attention[3 * 16 + 6] = 0.1
    attention[0] = 0.2
    page = contact_sheet(
        grid_tiles(attention=attention), slide, top=0, bottom=2, columns=2, tile_px=CELL
    )
    below = np.asarray(page)[18:]  # one heading more stands above
    second = below[FIRST : FIRST + CELL, LEFT + 82 : LEFT + 82 + CELL]
    first = below[FIRST : FIRST + CELL, LEFT : LEFT + CELL]
    assert first.mean() - second.mean() > 100


def test_tile_of_a_coarser_level_is_read_whole(slide):
    attention = np.zeros(8 * 6)
    attention[2 * 8 + 3] = 1.0
    tiles = grid_tiles((1,), attention=attention)
    page = contact_sheet(tiles, slide, top=1, bottom=0, columns=1, tile_px=CELL)
    expected = read_area(slide, 384, 256, 128, 128, CELL, CELL)
    np.testing.assert_array_equal(_cell(page, 0, 0), expected)


def test_no_tile_is_shown_twice(slide):
    tiles = grid_tiles().chosen(np.arange(5))
    few = contact_sheet(tiles, slide, top=3, bottom=4, columns=1, tile_px=32)
    all_of_them = contact_sheet(tiles, slide, top=5, bottom=0, columns=1, tile_px=32)
    assert few.height == all_of_them.height


@pytest.mark.parametrize("corner", [(150, 0), (0, 90)])
def test_positions_count_from_the_bounds(slide, corner):
    tiles, bounded = grid_tiles(), Bounded(slide, (*corner, 700, 500))
    plain = contact_sheet(tiles, slide, top=1, bottom=0, columns=1, tile_px=CELL)
    moved = contact_sheet(tiles, bounded, top=1, bottom=0, columns=1, tile_px=CELL)
    changed = np.argwhere((np.asarray(plain) != np.asarray(moved)).any(axis=2))
    assert len(changed) > 0
    assert changed[:, 0].min() > FIRST + CELL


@pytest.mark.parametrize("change", [{"top": -1}, {"columns": 0}, {"tile_px": 0}])
def test_bad_counts_are_refused(slide, change):
    settings = {"top": 1, "bottom": 1, "columns": 1, "tile_px": 8} | change
    with pytest.raises(SettingError, match=r"top=-?\d+ bottom=1 columns=\d tile_px=\d"):
        contact_sheet(grid_tiles(), slide, **settings)
