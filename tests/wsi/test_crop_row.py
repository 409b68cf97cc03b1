import numpy as np

from monai_ext.wsi.buffer_ring import BufferRing
from monai_ext.wsi.crop_row import CropRow
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
        tiles = _filled(picture, step, row, cols).finish(step)
        for tile, col in zip(tiles, cols, strict=True):
            np.testing.assert_array_equal(tile, white[row * step :, col * step :][:step, :step])


def test_only_needed_stored_columns_have_pieces():
    crops = CropRow(TABLE, 24, 0, np.array([0, 3]), BufferRing())
    assert sorted(crops.pieces) == [0, 2]
