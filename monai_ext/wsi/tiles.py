"""All tiles of a grid, as a stream."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from monai_ext.wsi.grid import LevelTiles, TileGrid
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.slide_reader import SlideReader
from monai_ext.wsi.strip_reader import StripReader
from monai_ext.wsi.strip_tiles import Batch, CropRequest, read_strips


def read_tiles(
    slide: SlideReader,
    grid: TileGrid,
    level: int,
    out_px: int | None = None,
    *,
    threads: int = 2,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read the kept tiles of ``grid.levels[level]`` in raster order, one row of tiles at a time.

    The strip reader decodes each stored tile once; others read tile by tile. Both give what
    ``read_area`` gives. A batch may be kept: its memory is used again only once it is let go.

    Args:
        slide: the reader.
        grid: the tiles.
        level: index into ``grid.levels``.
        out_px: edge of the tiles given; ``None`` is ``grid.spec.tile_px``.
        threads: decoding threads of the strip reader, this one included, >= 1.

    Yields:
        Index into the level int64 [n], and tiles uint8 [n, out_px, out_px, 3] RGB, white outside
        the slide.

    Raises:
        SlideError: if stored pixels cannot be read.
    """
    for _, index, batch in read_level_tiles(slide, grid, [level], out_px, threads=threads):
        yield index, batch


def read_level_tiles(
    slide: SlideReader,
    grid: TileGrid,
    levels: Sequence[int],
    out_px: int | None = None,
    *,
    threads: int = 2,
) -> Iterator[Batch]:
    """Read several grid levels; those that come from the same stored level share its decoding.

    Args:
        slide: the reader.
        grid: the tiles.
        levels: indices into ``grid.levels``.
        out_px: edge of the tiles given; ``None`` is ``grid.spec.tile_px``.
        threads: decoding threads of the strip reader, this one included, >= 1.

    Yields:
        Index into ``grid.levels``, and what ``read_tiles`` gives for it. Rows of one level come in
        order, levels may alternate.

    Raises:
        SlideError: if stored pixels cannot be read.
    """
    edge = out_px or grid.spec.tile_px
    if isinstance(slide, StripReader):
        for stored, requests in _requests(slide, grid, levels, edge).items():
            yield from read_strips(slide.decoder, stored, requests, edge, threads)
        return
    for level in levels:
        tiles = grid.levels[level]
        for index in _rows(tiles):
            areas = [_tile(slide, tiles, i, edge) for i in index.tolist()]
            yield level, index, np.stack(areas)


def _requests(
    slide: StripReader, grid: TileGrid, levels: Sequence[int], edge: int
) -> dict[int, list[CropRequest]]:
    """Grid rows by the stored level that serves them."""
    requests: dict[int, list[CropRequest]] = defaultdict(list)
    for level in levels:
        tiles = grid.levels[level]
        stored = slide.info.finer_level(tiles.step_px / edge)
        step = tiles.step_px / slide.info.levels[stored].downsample
        for index in _rows(tiles):
            row, cols = tiles.row[index[0]].item(), tiles.col[index]
            requests[stored].append(CropRequest(level, step, row, cols, index))
    return requests


def _rows(tiles: LevelTiles) -> list[np.ndarray]:
    """Indices of the tiles, split where the row changes."""
    cuts = np.nonzero(np.diff(tiles.row))[0] + 1
    return [part for part in np.split(np.arange(len(tiles)), cuts) if len(part)]


def _tile(slide: SlideReader, tiles: LevelTiles, i: int, edge: int) -> np.ndarray:
    step = tiles.step_px
    return read_area(
        slide, int(tiles.col[i]) * step, int(tiles.row[i]) * step, step, step, edge, edge
    )
