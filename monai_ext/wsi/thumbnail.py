"""A small picture of the whole slide."""

from __future__ import annotations

import math

import numpy as np

from monai_ext.wsi.grid import build_grid
from monai_ext.wsi.grid_spec import GridSpec
from monai_ext.wsi.slide_reader import SlideReader
from monai_ext.wsi.tiles import read_tiles

_STORED_EDGE = 512  # px of the stored level a piece; bounds the memory where it is level 0


def read_thumbnail(slide: SlideReader, downsample: int, *, threads: int = 2) -> np.ndarray:
    """The slide with ``downsample`` level-0 px a px, read in pieces so that any slide fits.

    Args:
        slide: the reader.
        downsample: level-0 px a px, >= 1.
        threads: see ``read_tiles``.

    Returns:
        uint8 [ceil(height / downsample), ceil(width / downsample), 3] RGB, white outside.

    Raises:
        SlideError: if stored pixels cannot be read.
    """
    info = slide.info
    stored = info.levels[info.finer_level(downsample)].downsample
    edge = max(8, round(_STORED_EDGE * stored / downsample))
    spec = GridSpec(edge, (float(downsample),), 0.0, 0.0, 1.0)
    grid = build_grid(spec, 1.0, (info.width, info.height))
    rows, cols = (math.ceil(size / grid.step_px) * edge for size in (info.height, info.width))
    picture = np.empty((rows, cols, 3), np.uint8)
    tiles = grid.levels[0]
    for index, batch in read_tiles(slide, grid, 0, threads=threads):
        for i, tile in zip(index.tolist(), batch, strict=True):
            y, x = int(tiles.row[i]) * edge, int(tiles.col[i]) * edge
            picture[y : y + edge, x : x + edge] = tile
    height, width = (math.ceil(size / downsample) for size in (info.height, info.width))
    return picture[:height, :width]
