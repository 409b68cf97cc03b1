"""Rows of tiles as batches of one size."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np


def tile_batches(
    rows: Iterable[tuple[np.ndarray, np.ndarray]], batch_size: int
) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    """Cut a stream of tiles anew; pixels are copied, since a reader may use its buffers again.

    Args:
        rows: index ``[n]`` and tiles uint8 ``[n, px, px, 3]``, any n.
        batch_size: tiles a batch; the last one may be smaller.

    Yields:
        Index ``[b]`` and tiles ``[b, px, px, 3]`` in arrays of their own.
    """
    indices: list[np.ndarray] = []
    buffer, filled = np.empty((0, 0, 0, 3), np.uint8), 0
    for index, tiles in rows:
        taken = 0
        while taken < len(index):
            if filled == 0:
                buffer = np.empty((batch_size, *tiles.shape[1:]), np.uint8)
            count = min(batch_size - filled, len(index) - taken)
            buffer[filled : filled + count] = tiles[taken : taken + count]
            indices.append(np.array(index[taken : taken + count]))
            filled, taken = filled + count, taken + count
            if filled == batch_size:
                yield np.concatenate(indices), buffer
                indices, filled = [], 0
    if filled:
        yield np.concatenate(indices), buffer[:filled]
