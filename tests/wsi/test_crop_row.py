import math

import numpy as np
import pytest

from monai_ext.wsi.buffer_ring import BufferRing
from monai_ext.wsi.crop_row import CropRow
from monai_ext.wsi.resample import resample_box
from monai_ext.wsi.tiff_layout import TiledLevel

TABLE = TiledLevel(100, 70, 32, 16, np.zeros(20), np.ones(20), "rgb", b"")


def _filled(picture: np.ndarray, step: float, row: int, cols: list[int]) -> CropRow:
    """A row of crops filled from the stored tiles of ``picture``, as the pass over a level does."""
    crops = CropRow(TABLE, step, row, np.array(cols), BufferRing())
    padded = np.zeros((80, 128, 3), np.uint8)
    padded[:70, :100] = picture
    for tile_row in range(crops.top // 16, min(4, (crops.bottom - 1) // 16) + 1):
        crop_rows, tile_rows = crops.share(tile_row)
        for col, pieces in crops.pieces.items():
            tile = padded[16 * tile_row :, 32 * col :][:16, :32].reshape(16, 96)
            for slot, crop, part in pieces:
                crops.pixels[slot, crop_rows, crop] = tile[tile_rows, part]
    return crops


def test_crops_hold_their_part_of_the_level_and_white_beyond(np_rng):
    picture = np_rng.integers(0, 255, (70, 100, 3), dtype=np.uint8)
    white = np.full((200, 200, 3), 255, np.uint8)
    white[:70, :100] = picture
    for step, row, cols in [(24, 1, [0, 2, 4]), (24, 2, [3, 4]), (32, 2, [1, 3]), (50, 1, [0, 1])]:
        tiles = _filled(picture, step, row, cols).crops
        for tile, col in zip(tiles, cols, strict=True):
            np.testing.assert_array_equal(tile, white[row * step :, col * step :][:step, :step])


def test_only_needed_stored_columns_have_pieces():
    crops = CropRow(TABLE, 24, 0, np.array([0, 3]), BufferRing())
    assert sorted(crops.pieces) == [0, 2]


@pytest.mark.parametrize("step", [24, 24.25])
def test_resampling_fills_only_its_slots(np_rng, step):
    picture = np_rng.integers(0, 255, (70, 100, 3), dtype=np.uint8)
    out = np.zeros((3, 12, 12, 3), np.uint8)
    _filled(picture, step, 0, [0, 1, 2]).resample(12, slice(1, 2), out)
    assert not out[[0, 2]].any()
    edge = math.ceil(2 * step)
    cut = picture[: math.ceil(step), math.floor(step) : edge]
    box = (step % 1, 0, 2 * step - math.floor(step), step)
    np.testing.assert_array_equal(out[1], resample_box(cut, box, 12, 12))
