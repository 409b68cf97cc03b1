"""Annotated squares as a table, in the order in which they were annotated."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from monai_ext.atomic import write_atomically
from monai_ext.data.csv_table import read_table
from monai_ext.engines.segment_region import Box

_COLUMNS = ("image", "left", "top", "width", "height")


def write_squares(path: Path, squares: Iterable[tuple[str, Box]]) -> None:
    """Write a row a square.

    Args:
        path: CSV.
        squares: name of an image, and a box on it, level-0 px.
    """
    with write_atomically(path) as partial, partial.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name, box in squares:
            writer.writerow([name, box.left, box.top, box.width, box.height])


def read_squares(path: Path) -> list[tuple[str, Box]]:
    """Read what :func:`write_squares` wrote.

    Raises:
        CohortError: if it is no such table.
    """
    rows = read_table(path, _COLUMNS)
    return [(row["image"], Box(*(int(row[name]) for name in _COLUMNS[1:]))) for row in rows]
