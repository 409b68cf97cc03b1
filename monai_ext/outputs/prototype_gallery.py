"""The tiles of all slides that are most similar to each prototype."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TilePick:
    """One tile of one slide.

    Attributes:
        similarity: cosine with the prototype.
        slide: name of the slide.
        path: its file; ``None`` where it was not found.
        edges: left, top, right and bottom in level-0 px.
    """

    similarity: float
    slide: str
    path: Path | None
    edges: tuple[int, int, int, int]


@dataclass
class PrototypeGallery:
    """Keeps the best tiles of every prototype while slides pass by.

    Args:
        tiles: kept for each prototype.
        tiles_per_slide: at most so many of one slide, so that one slide does not fill a row.
    """

    tiles: int
    tiles_per_slide: int
    rows: list[list[TilePick]] = field(default_factory=list)

    def add(
        self,
        slide: str,
        path: Path | None,
        edges: NDArray[np.int64],
        similarity: NDArray[np.floating],
    ) -> None:
        """Take a slide into account.

        Args:
            slide: its name.
            path: its file.
            edges: of its tiles, [N, 4].
            similarity: cosine of each tile with each prototype, [N, K].
        """
        self.rows = self.rows or [[] for _ in range(similarity.shape[1])]
        for row, values in zip(self.rows, similarity.T, strict=True):
            best = np.argsort(-values, kind="stable")[: self.tiles_per_slide]
            for i in best.tolist():
                left, top, right, bottom = edges[i].tolist()
                row.append(TilePick(float(values[i]), slide, path, (left, top, right, bottom)))
            row.sort(key=lambda pick: -pick.similarity)
            del row[self.tiles :]

    def picks(self) -> Iterator[tuple[int, int, TilePick]]:
        """Prototype, place in its row (from 0) and tile, prototype by prototype."""
        for k, row in enumerate(self.rows):
            for place, pick in enumerate(row):
                yield k, place, pick
