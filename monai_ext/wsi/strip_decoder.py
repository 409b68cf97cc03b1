"""Stored JPEG tiles, decoded strictly."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np

from monai_ext.errors import SlideError
from monai_ext.wsi.jpeg_stream import complete_stream, stream_head
from monai_ext.wsi.process_local import ProcessLocal
from monai_ext.wsi.tiff_layout import TiledLevel


class StripDecoder:
    """Reads stored tiles by their offset and decodes each with libjpeg-turbo.

    Strict: what the decoder reports, be it only a warning, is raised. Bit flips that still make a
    valid stream are not noticed. Several threads may decode at a time.

    Args:
        path: the slide.
        levels: its tile tables.
    """

    def __init__(self, path: Path, levels: tuple[TiledLevel, ...]) -> None:
        self.path, self.levels = path, levels
        self._heads = [stream_head(level.photometric, level.tables) for level in levels]
        self._file = ProcessLocal(partial(os.open, path, os.O_RDONLY | os.O_CLOEXEC), os.close)

    def decode(self, level: int, row: int, col: int, out: np.ndarray) -> np.ndarray:
        """Decode one stored tile.

        Args:
            level: index into ``levels``.
            row: of the tile.
            col: of the tile.
            out: contiguous uint8 of a tile's bytes, any shape; the result lies in it.

        Returns:
            uint8 [tile_height, tile_width, 3].

        Raises:
            SlideError: if the tile is damaged in any way that the decoder reports.
        """
        import simplejpeg

        table = self.levels[level]
        tile = row * table.cols + col
        try:
            data = os.pread(self._file.get(), int(table.sizes[tile]), int(table.offsets[tile]))
            stream = complete_stream(self._heads[level], data)
            pixels = simplejpeg.decode_jpeg(stream, buffer=out, strict=True)
            if pixels.shape[:2] != (table.tile_height, table.tile_width):
                raise ValueError(f"it holds {pixels.shape[1]} x {pixels.shape[0]} px")
        except (ValueError, OSError) as error:
            raise SlideError(
                f"slide {self.path} level {level} tile {tile} (row {row}, column {col}) is "
                f"damaged ({error})",
                "every stored tile decodes without a complaint",
                "copy the file again, or leave the slide out",
            ) from error
        return pixels

    def close(self) -> None:
        """Release the file."""
        self._file.close()
