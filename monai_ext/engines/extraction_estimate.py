"""What an extraction would cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_BYTES_A_VALUE, _BYTES_A_COORDINATE_PAIR = 4, 16


@dataclass
class ExtractionEstimate:
    """Sum over the slides that are left to do.

    Attributes:
        tiles: number a level, by slide.
        empty: slides without tissue.
        seconds_a_tile: reading and encoding, measured on a few tiles; None without any tile.
        embed_dim: feature width; 0 without any tile.
    """

    embed_dim: int = 0
    tiles: dict[str, Sequence[int]] = field(default_factory=dict)
    seconds_a_tile: float | None = None

    @property
    def empty(self) -> list[str]:
        """Slides without a tile."""
        return [slide for slide, counts in self.tiles.items() if not sum(counts)]

    @property
    def per_level(self) -> list[int]:
        """Tiles a level over all slides, finest first."""
        return [sum(counts) for counts in zip(*self.tiles.values(), strict=True)]

    @property
    def seconds(self) -> float:
        """For all tiles."""
        return sum(self.per_level) * (self.seconds_a_tile or 0)

    @property
    def disk_bytes(self) -> int:
        """Of features and coordinates."""
        a_tile = self.embed_dim * _BYTES_A_VALUE + _BYTES_A_COORDINATE_PAIR
        return sum(self.per_level) * a_tile

    def lines(self) -> list[str]:
        """The estimate as text, a line a slide and a sum."""
        slides = [f"{slide}: {_tiles(counts)}" for slide, counts in self.tiles.items()]
        total = (
            f"dry run: {len(self.tiles)} slides, {_tiles(self.per_level)}, "
            f"{len(self.empty)} without tissue, about {_duration(self.seconds)}, "
            f"{self.disk_bytes / 2**20:.1f} MiB; nothing was written"
        )
        return [*slides, total]


def seconds_a_tile(
    read: Callable[[], Any], encode: Callable[[Any], Any], count: int, *, overlapping: bool
) -> float:
    """Time one batch.

    Args:
        read: gives a batch.
        encode: takes it; runs once before the clock starts.
        count: tiles in the batch.
        overlapping: whether reading and encoding run on different hardware, so that the slower
            one decides; else they share the cores and add up.
    """
    start = time.perf_counter()
    batch = read()
    reading = time.perf_counter() - start
    encode(batch)
    start = time.perf_counter()
    encode(batch)
    encoding = time.perf_counter() - start
    return (max(reading, encoding) if overlapping else reading + encoding) / count


def _tiles(counts: Sequence[int]) -> str:
    return " + ".join(str(count) for count in counts) + " tiles" if counts else "0 tiles"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
