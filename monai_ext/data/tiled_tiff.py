"""A tiled JPEG TIFF of several pages, written in one pass from encoded tiles."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import BinaryIO

_SHORT, _LONG, _RATIONAL, _ASCII, _LONG8 = 3, 4, 5, 2, 16
_ASCII_NAME = b"monai_ext\0"


@dataclass
class TiffPage:
    """One page: its size, resolution, and where its tiles went.

    Args:
        width, height: in pixels.
        tile_px: side of its tiles.
        pixels_per_cm: resolution.
        subsampling: of the colours, across and down.
        is_reduced: a smaller version of the first page.
        description: tag ImageDescription, ASCII; empty: no such tag.
    """

    width: int
    height: int
    tile_px: int
    pixels_per_cm: float
    subsampling: tuple[int, int]
    is_reduced: bool
    description: str = ""
    offsets: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def entries(self, offset_type: int) -> list[tuple[int, int, list[int] | bytes]]:
        """Tags of the page in rising order: number, type, values."""
        rational = [round(self.pixels_per_cm * 1000), 1000]
        text = self.description.encode("ascii") + b"\0"
        return [
            (254, _LONG, [int(self.is_reduced)]),
            (256, _LONG, [self.width]),
            (257, _LONG, [self.height]),
            (258, _SHORT, [8, 8, 8]),
            (259, _SHORT, [7]),  # JPEG
            (262, _SHORT, [6]),  # YCbCr
            *([(270, _ASCII, text)] if self.description else []),
            (277, _SHORT, [3]),
            (282, _RATIONAL, rational),
            (283, _RATIONAL, rational),
            (284, _SHORT, [1]),  # pixels interleaved
            (296, _SHORT, [3]),  # centimetre
            (305, _ASCII, _ASCII_NAME),
            (322, _LONG, [self.tile_px]),
            (323, _LONG, [self.tile_px]),
            (324, offset_type, self.offsets),
            (325, _LONG, self.sizes),
            (530, _SHORT, list(self.subsampling)),
            (532, _RATIONAL, [0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1]),  # full range
        ]


class TiledTiff:
    """Tiles of any page in any order among the pages; ``close`` writes the directory.

    Within a page tiles come in raster order. Nothing but offsets is held in memory.

    Args:
        stream: an empty binary file opened for writing.
        pages: the first is the whole image.
        is_big: 64-bit offsets (BigTIFF), needed from 4 GiB on.
    """

    def __init__(self, stream: BinaryIO, pages: list[TiffPage], *, is_big: bool) -> None:
        self.stream, self.pages, self.is_big = stream, pages, is_big
        head = struct.pack("<2sHHH", b"II", 43, 8, 0) if is_big else struct.pack("<2sH", b"II", 42)
        stream.write(head + self._word(0))

    def add_tile(self, page: int, encoded: bytes) -> None:
        """Append the next tile of a page: a complete JPEG stream."""
        self.pages[page].offsets.append(self.stream.tell())
        self.pages[page].sizes.append(len(encoded))
        self.stream.write(encoded)

    def close(self) -> None:
        """Write the directories and link them; the stream stays open."""
        link = 8 if self.is_big else 4
        for page in self.pages:
            link = self._write_directory(page, link)

    def _word(self, value: int) -> bytes:
        return struct.pack("<Q" if self.is_big else "<I", value)

    def _write_directory(self, page: TiffPage, link: int) -> int:
        """Write one page's values and directory, point ``link`` at it; give its own link."""
        room = 8 if self.is_big else 4
        entries = []
        for tag, kind, values in page.entries(_LONG8 if self.is_big else _LONG):
            data = values if isinstance(values, bytes) else _pack(kind, values)
            count = len(values) // (2 if kind == _RATIONAL else 1)
            if len(data) > room:
                data = self._word(self._append(data))
            entry = struct.pack("<HH", tag, kind) + self._word(count) + data.ljust(room, b"\0")
            entries.append(entry)
        number = struct.pack("<Q" if self.is_big else "<H", len(entries))
        start = self._append(number + b"".join(entries) + self._word(0))
        self.stream.seek(link)
        self.stream.write(self._word(start))
        self.stream.seek(0, 2)
        return self.stream.tell() - room

    def _append(self, data: bytes) -> int:
        """Write at the next even offset; give that offset."""
        self.stream.write(b"\0" * (self.stream.tell() % 2))
        start = self.stream.tell()
        self.stream.write(data)
        return start


def _pack(kind: int, values: list[int]) -> bytes:
    letter = {_SHORT: "H", _LONG: "I", _RATIONAL: "I", _LONG8: "Q"}[kind]
    return struct.pack(f"<{len(values)}{letter}", *values)
