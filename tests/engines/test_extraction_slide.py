import numpy as np
import pytest

from monai_ext import wsi
from monai_ext.engines.extraction_slide import SlideWork
from monai_ext.engines.extraction_stream import LevelEnd, Tiles
from monai_ext.errors import SlideError
from monai_ext.networks.encoders import TinyEncoder


@pytest.fixture
def work():
    spec = wsi.GridSpec(32, (0.5, 1.0), 0.02, 0.1, 1.3)
    item = {"slide": "a", "grid": wsi.build_grid(spec, 0.5, (96, 32))}
    saved = []
    return SlideWork(item, {"mpp": None}, TinyEncoder().encode, saved.append), saved


def tiles(*index):
    pixels = np.zeros((len(index), 32, 32, 3), np.uint8)
    pixels += np.array(index, np.uint8)[:, None, None, None] * 80
    return pixels


def test_rows_go_where_their_index_says_and_levels_are_saved_apart(work):
    work, saved = work
    work.take(Tiles(0, np.array([2, 0]), tiles(2, 0)))
    work.take(Tiles(0, np.array([1]), tiles(1)))
    work.finish(LevelEnd(0), 16)
    work.take(Tiles(1, np.array([0, 1]), tiles(1, 0)))
    work.finish(LevelEnd(1), 16)
    encode = TinyEncoder().encode
    np.testing.assert_allclose(saved[0]["features"], encode(tiles(0, 1, 2)), atol=1e-6)
    np.testing.assert_allclose(saved[1]["features"], encode(tiles(1, 0)), atol=1e-6)
    assert [item["level"] for item in saved] == [0, 1]
    assert saved[0]["given"] == {"mpp": None}


def test_a_reader_that_loses_tiles_is_found_out(work):
    work, saved = work
    work.take(Tiles(0, np.array([0, 1]), tiles(0, 1)))
    with pytest.raises(SlideError, match="slide a: 2 of 3 tiles read"):
        work.finish(LevelEnd(0), 16)
    assert saved == []
