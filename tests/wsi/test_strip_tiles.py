from collections import Counter

import numpy as np
import pytest

from monai_ext.errors import SlideError
from monai_ext.testing.slide_damage import destroy_tile
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.grid import build_grid
from monai_ext.wsi.grid_spec import GridSpec
from monai_ext.wsi.strip_reader import StripReader
from monai_ext.wsi.tiles import read_level_tiles, read_tiles


def _grid(tile_px, size=(912, 624), mpp=0.5):
    return build_grid(GridSpec(tile_px, (0.5, 1.0, 2.0), 0.02, 0.0, 1.3), mpp, size)


def _count_decodes(reader, monkeypatch):
    counts, decode = Counter(), reader.decoder.decode

    def counting(level, row, col, out):
        counts[level, row, col] += 1
        return decode(level, row, col, out)

    monkeypatch.setattr(reader.decoder, "decode", counting)
    return counts


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("tile_px", [128, 96, 50, 300])
def test_each_stored_tile_is_decoded_once(tiny_slide, monkeypatch, tile_px, threads):
    reader = StripReader(tiny_slide)
    counts = _count_decodes(reader, monkeypatch)
    for _ in read_tiles(reader, _grid(tile_px), 0, threads=threads):
        pass
    assert len(counts) == 40
    assert set(counts.values()) == {1}


def test_levels_without_a_stored_one_share_the_decoding(tmp_path, slide_image, monkeypatch):
    reader = StripReader(write_tiny_slide(tmp_path / "a.tif", slide_image, factors=(1, 4)))
    counts = _count_decodes(reader, monkeypatch)
    grid = _grid(64)
    together = {
        (k, i): tile
        for k, index, batch in read_level_tiles(reader, grid, [0, 1, 2])
        for i, tile in zip(index.tolist(), batch.copy(), strict=True)
    }
    assert sum(level == 0 for level, _, _ in counts) == 40
    assert set(counts.values()) == {1}
    for k in (0, 1, 2):
        for index, batch in read_tiles(reader, grid, k):
            for i, tile in zip(index.tolist(), batch, strict=True):
                np.testing.assert_array_equal(together.pop((k, i)), tile)
    assert together == {}


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_do_not_change_a_pixel(tiny_slide, threads):
    reader, grid = StripReader(tiny_slide), _grid(90)
    for one, more in zip(
        read_tiles(reader, grid, 0, threads=1),
        read_tiles(reader, grid, 0, threads=threads),
        strict=True,
    ):
        np.testing.assert_array_equal(one[1], more[1])


def test_stored_tiles_without_kept_tiles_are_not_decoded(tiny_slide, monkeypatch):
    class OneTile:
        def fraction(self, x0, y0, step, rows, cols):
            cells = np.zeros((rows, cols))
            cells[2, 3] = 1
            return cells

    reader = StripReader(tiny_slide)
    counts = _count_decodes(reader, monkeypatch)
    grid = build_grid(GridSpec(128, (0.5,), 0.02, 0.5, 1.3), 0.5, (912, 624), OneTile())
    assert [index.tolist() for index, _ in read_tiles(reader, grid, 0)] == [[0]]
    assert dict(counts) == {(0, 2, 3): 1}


def test_rows_wholly_beyond_the_stored_level_are_white(tmp_path, slide_image):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image[:515], factors=(1, 4))
    reader = StripReader(path)
    tiles = list(read_tiles(reader, _grid(32, (912, 515)), 2))
    assert len(tiles) == 5
    assert (tiles[-1][1] == 255).all()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("tile", [0, 15, 39])
def test_damaged_tile_ends_the_stream_with_its_name(tmp_path, slide_image, tile, threads):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image)
    destroy_tile(path, tile)
    with pytest.raises(SlideError, match=f"level 0 tile {tile} "):
        list(read_tiles(StripReader(path), _grid(128), 0, threads=threads))


def test_memory_is_bounded_by_rows(tmp_path, slide_image):
    import tracemalloc

    path = write_tiny_slide(tmp_path / "a.tif", np.tile(slide_image, (8, 1, 1)), factors=(1,))
    grid = _grid(100, (912, 4992))
    tracemalloc.start()
    for _ in read_tiles(StripReader(path), grid, 0):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    row = 10 * 100 * 100 * 3
    assert peak < 8 * row  # the slide has 50 rows
