"""A picture of classes as runs of equal pixels, and the connected pieces that they form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class LabelRuns:
    """Runs of one class along rows, in raster order; class 0 has none.

    Attributes:
        row: int64 [N].
        start: int64 [N], first column.
        stop: int64 [N], column behind the last.
        label: uint8 [N], class, 1 and more.
        mass: float64 [N], sum of the probability of that class.
    """

    row: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    label: np.ndarray
    mass: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: np.ndarray) -> LabelRuns:
        """The runs ``index``."""
        parts = (self.row, self.start, self.stop, self.label, self.mass)
        return LabelRuns(*(part[index] for part in parts))


@dataclass(frozen=True, eq=False)
class LabelPieces:
    """Connected pieces of equal class, in raster order of their first pixel.

    Attributes:
        runs: sorted by piece, then in raster order.
        first: int64 [M + 1]; piece m is ``runs[first[m] : first[m + 1]]``.
        label: uint8 [M], class.
        pixels: int64 [M], area in px.
        probability: float64 [M], mean probability of the class over its pixels.
    """

    runs: LabelRuns
    first: np.ndarray
    label: np.ndarray
    pixels: np.ndarray
    probability: np.ndarray

    def __len__(self) -> int:
        return len(self.label)

    def chunks(self, wanted: np.ndarray, num_runs: int) -> Iterator[tuple[np.ndarray, LabelRuns]]:
        """Some pieces, a few at a time, so that their outlines need little memory.

        Args:
            wanted: which pieces, ascending.
            num_runs: runs at a time, about.

        Yields:
            Piece of each run int64 [n], and the runs.
        """
        sizes = np.diff(self.first)[wanted]
        cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // num_runs)) + 1
        for part in np.split(wanted, cuts):
            count = np.diff(self.first)[part]
            piece = np.repeat(part, count)
            within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            yield piece, self.runs.take(self.first[piece] + within)


def label_runs(labels: np.ndarray, probability: np.ndarray, top: int = 0) -> LabelRuns:
    """Runs of a band of rows.

    Args:
        labels: uint8 [h, W].
        probability: float [h, W], of the class of each pixel.
        top: row of the band's first row.
    """
    height, width = labels.shape
    is_first = np.ones((height, width), bool)
    is_first[:, 1:] = labels[:, 1:] != labels[:, :-1]
    start = np.flatnonzero(is_first)
    if not len(start):
        return _runs(*(np.empty(0, np.int64) for _ in range(5)))
    stop = np.append(start[1:], height * width)
    mass = np.add.reduceat(probability.reshape(-1).astype(np.float64), start)
    label = labels.reshape(-1)[start]
    kept = label > 0
    row, column = np.divmod(start, width)
    found = (row + top, column, column + stop - start, label, mass)
    return _runs(*(part[kept] for part in found))


def joined_runs(parts: list[LabelRuns]) -> LabelRuns:
    """Runs of bands, given from top to bottom, as those of the whole picture."""
    if not parts:
        return _runs(*(np.empty(0, np.int64) for _ in range(5)))
    names = ("row", "start", "stop", "label", "mass")
    return _runs(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def label_pieces(runs: LabelRuns) -> LabelPieces:
    """Connect runs of equal class that share an edge with one of the next row.

    Pixels that only meet at a corner belong to different pieces (4-connected).

    Args:
        runs: of the whole picture.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    above, below = _touching(runs)
    link = (np.ones(len(above), bool), (above, below))
    graph = coo_matrix(link, shape=(len(runs), len(runs)))
    number, piece = connected_components(graph, directed=False) if len(runs) else (0, above)
    order = np.argsort(piece, kind="stable")
    sizes = np.bincount(piece, minlength=number)
    pixels = np.bincount(piece, runs.stop - runs.start, number).astype(np.int64)
    mass = np.bincount(piece, runs.mass, number)
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    sorted_runs = runs.take(order)
    label = sorted_runs.label[first[:-1]]
    return LabelPieces(sorted_runs, first, label, pixels, mass / np.maximum(pixels, 1))


def _touching(runs: LabelRuns) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (run, run of the next row) of equal class with a common edge."""
    if not len(runs):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    stride = int(runs.stop.max()) + 1
    under = (runs.row + 1) * stride
    first = np.searchsorted(runs.row * stride + runs.stop, under + runs.start, side="right")
    last = np.searchsorted(runs.row * stride + runs.start, under + runs.stop, side="left")
    count = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(runs)), count)
    below = np.repeat(first, count) + np.arange(len(above))
    below -= np.repeat(np.cumsum(count) - count, count)
    same = runs.label[above] == runs.label[below]
    return above[same], below[same]


def _runs(
    row: np.ndarray, start: np.ndarray, stop: np.ndarray, label: np.ndarray, mass: np.ndarray
) -> LabelRuns:
    row, start, stop = (part.astype(np.int64) for part in (row, start, stop))
    return LabelRuns(row, start, stop, label.astype(np.uint8), mass.astype(np.float64))
