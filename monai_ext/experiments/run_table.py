"""Numbers of many runs in one CSV, a line a run, so that an interrupted experiment goes on."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from monai_ext.atomic import make_folder
from monai_ext.errors import SettingError

_END = "end"


class RunTable:
    """A CSV that grows by one line a run; a line that was cut off is dropped when it is opened.

    Args:
        path: of the CSV; read if it exists.
        keys: columns that name a run, as text.
        values: columns of its numbers.

    Raises:
        SettingError: if the file has other columns.

    Example:
        >>> import tempfile
        >>> table = RunTable(Path(tempfile.mkdtemp()) / "runs.csv", ["method"], ["auc"])
        >>> table.add(["abmil"], {"auc": 0.75})
        >>> table.has(["abmil"]), table.has(["max"]), table.column("auc")
        (True, False, {('abmil',): 0.75})
    """

    def __init__(self, path: Path | str, keys: Sequence[str], values: Sequence[str]) -> None:
        self.path, self.keys, self.values = Path(path), list(keys), list(values)
        self._columns = [*keys, *values, _END]
        make_folder(self.path.parent)
        self.runs: dict[tuple[str, ...], dict[str, float]] = {}
        if self.path.exists():
            self._read()
        with self.path.open("w", newline="") as stream:
            csv.writer(stream).writerow(self._columns)
        for key, numbers in list(self.runs.items()):
            self._write(key, numbers)

    def has(self, key: Sequence[object]) -> bool:
        """Whether this run is there."""
        return tuple(map(str, key)) in self.runs

    def add(self, key: Sequence[object], numbers: Mapping[str, float]) -> None:
        """Keep a run; the line is on disk when this returns."""
        name = tuple(map(str, key))
        self.runs[name] = {column: float(numbers[column]) for column in self.values}
        self._write(name, self.runs[name])

    def column(self, value: str) -> dict[tuple[str, ...], float]:
        """One number of every run."""
        return {key: numbers[value] for key, numbers in self.runs.items()}

    def _write(self, key: tuple[str, ...], numbers: Mapping[str, float]) -> None:
        with self.path.open("a", newline="") as stream:
            row = [*key, *(f"{numbers[column]:.6f}" for column in self.values), _END]
            csv.writer(stream).writerow(row)

    def _read(self) -> None:
        with self.path.open(newline="") as stream:
            rows = list(csv.reader(stream))
        if rows and rows[0] != self._columns:
            raise SettingError(
                f"{self.path} has the columns {', '.join(rows[0])}",
                f"these runs have {', '.join(self._columns)}",
                "give another output folder",
            )
        for row in rows[1:]:
            if row and row[-1] == _END:
                numbers = map(float, row[len(self.keys) : -1])
                found = dict(zip(self.values, numbers, strict=True))
                self.runs[tuple(row[: len(self.keys)])] = found
