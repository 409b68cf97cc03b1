from pathlib import Path

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.outputs.prototype_gallery import TilePick
from monai_ext.outputs.prototype_sheet import prototype_sheet

RED, BLUE = (np.full((20, 20, 3), colour, np.uint8) for colour in ((250, 0, 0), (0, 0, 250)))


def pick(k):
    return TilePick(0.5 - k / 10, "s", Path("s.tif"), (k, 0, k + 9, 9))


def count(page, colour):
    return int((np.asarray(page) == colour).all(2).sum())


def test_each_row_shows_its_tiles_in_order():
    rows = [[pick(0), pick(1)], [pick(2)]]
    page = prototype_sheet(
        ["one", "two"], rows, {pick(0): RED, pick(1): BLUE, pick(2): BLUE}, tile_px=20, heading="h"
    )
    seen = np.asarray(page)
    red = np.argwhere((seen == (250, 0, 0)).all(2))
    blue = np.argwhere((seen == (0, 0, 250)).all(2))
    assert len(red) == 400
    assert len(blue) == 800
    top = blue[blue[:, 0] <= red[:, 0].max()]
    assert len(top) == 400
    assert top[:, 1].min() > red[:, 1].max()
    below = blue[blue[:, 0] > red[:, 0].max()]
    assert below[:, 1].min() == red[:, 1].min()


def test_tiles_without_pixels_are_grey_and_provenance_is_written():
    rows = [[pick(0)]]
    page = prototype_sheet(["one"], rows, {}, tile_px=20, heading="h", provenance="abc")
    assert count(page, (225, 225, 225)) >= 400
    other = prototype_sheet(["one"], rows, {}, tile_px=20, heading="h", provenance="xyz")
    assert not np.array_equal(page, other)


def test_titles_must_fit():
    with pytest.raises(SettingError, match="1 titles for 2 prototypes"):
        prototype_sheet(["one"], [[], []], {}, tile_px=20, heading="h")
    with pytest.raises(SettingError, match="tile_px=0"):
        prototype_sheet([], [], {}, tile_px=0, heading="h")
