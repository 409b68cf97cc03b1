import numpy as np
import pytest

from monai_ext.engines.extraction_batches import tile_batches


def rows(*sizes):
    """Rows that use one buffer again, as readers do; every tile holds its own number."""
    buffer, first = np.empty((max(sizes), 2, 2, 3), np.uint8), 0
    for size in sizes:
        buffer[:size] = np.arange(first, first + size)[:, None, None, None]
        yield np.arange(first, first + size), buffer[:size]
        first += size


@pytest.mark.parametrize(("sizes", "expected"), [((3, 5, 2), [4, 4, 2]), ((9,), [4, 4, 1])])
def test_batches_have_one_size_and_their_own_pixels(sizes, expected):
    batches = list(tile_batches(rows(*sizes), 4))
    assert [len(index) for index, _ in batches] == expected
    index = np.concatenate([index for index, _ in batches])
    pixels = np.concatenate([pixels for _, pixels in batches])
    np.testing.assert_array_equal(index, np.arange(sum(sizes)))
    np.testing.assert_array_equal(pixels[:, 1, 1, 2], index)


def test_nothing_gives_no_batch():
    assert list(tile_batches(iter([]), 4)) == []
