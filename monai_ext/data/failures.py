"""``failed.csv``: which slides went wrong and why, so that a rerun redoes only them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from monai_ext.atomic import write_atomically

FAILED_FILE = "failed.csv"


def write_failures(path: Path | str, reasons: Mapping[str, str]) -> None:
    """Write slide and reason, sorted by slide; with none, remove an earlier file.

    Args:
        path: the file.
        reasons: reason by slide. Line breaks in a reason become spaces.
    """
    if not reasons:
        Path(path).unlink(missing_ok=True)
        return
    with write_atomically(path) as partial, partial.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["slide", "reason"])
        for slide in sorted(reasons):
            writer.writerow([slide, " ".join(reasons[slide].split())])


def read_failures(path: Path | str) -> dict[str, str]:
    """Reason by slide; empty if there is no file."""
    if not Path(path).exists():
        return {}
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return {line["slide"]: line["reason"] for line in csv.DictReader(stream)}
