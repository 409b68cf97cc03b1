"""``summary.csv`` and ``failed.csv``: what became of every slide."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.atomic import write_atomically
from monai_ext.data.failures import FAILED_FILE, write_failures

SUMMARY = "summary.csv"


class ExtractionRecords:
    """Rows of both tables; they are on disk after every slide.

    Rows of an earlier run stay until their slide is seen again; a skipped slide keeps its numbers.

    Args:
        folder: where the tables lie.
        columns: of the summary; ``slide`` and ``status`` are among them.
    """

    def __init__(self, folder: Path, columns: Sequence[str]) -> None:
        self.folder, self.columns = folder, list(columns)
        self.failed: dict[str, str] = {}
        self._rows = {row["slide"]: row for row in _read(folder / SUMMARY)}

    def done(self, slide: str, values: Mapping[str, Any]) -> None:
        """Record a finished slide."""
        self._rows[slide] = {"slide": slide, **values}
        self._write_summary()

    def skipped(self, slides: Iterable[str]) -> None:
        """Record slides that were done before."""
        for slide in slides:
            self._rows[slide] = {**self._rows.get(slide, {"slide": slide}), "status": "skipped"}
        self._write_summary()

    def fail(self, slide: str, reason: str) -> None:
        """Record a slide that could not be done; line breaks in the reason become spaces."""
        self.failed[slide] = reason
        self._rows.pop(slide, None)
        write_failures(self.folder / FAILED_FILE, self.failed)

    def close(self) -> None:
        """Write the summary; without failures an earlier run's ``failed.csv`` goes."""
        self._write_summary()
        write_failures(self.folder / FAILED_FILE, self.failed)

    def _write_summary(self) -> None:
        rows = [self._rows[name] for name in sorted(self._rows)]
        _write(self.folder / SUMMARY, self.columns, rows)


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if row.get("slide")]


def _write(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with write_atomically(path) as partial, partial.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
