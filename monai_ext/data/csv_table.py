"""Read a table a person made: UTF-8 with or without a mark, commas, a header line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from monai_ext.errors import CohortError

_FORM = "a table is CSV text in UTF-8, with commas and a header line"
_SAVE = "save it as 'CSV UTF-8 (comma delimited)'"


def read_table(path: Path | str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV as dicts of stripped text.

    Args:
        path: the file; a byte order mark is fine.
        columns: those that must be there.

    Returns:
        One dict a row, with ``""`` for a missing cell; wholly empty rows are left out.

    Raises:
        CohortError: if the file is missing, no UTF-8, separated by semicolons or tabs, empty, or
            lacks a column.
    """
    text = _text(Path(path))
    header = text.partition("\n")[0].strip()
    if "," not in header and any(mark in header for mark in ";\t|"):
        raise CohortError(f"{path} is not separated by commas: {header!r}", _FORM, _SAVE)
    reader = csv.reader(io.StringIO(text, newline=""))
    names = [name.strip() for name in next(reader, [])]
    _require_columns(path, names, columns)
    rows = [[cell.strip() for cell in row] for row in reader if any(cell.strip() for cell in row)]
    return [{name: row[k] if k < len(row) else "" for k, name in enumerate(names)} for row in rows]


def _text(path: Path) -> str:
    if not path.is_file():
        raise CohortError(f"{path} does not exist", "the table is a file", "check the path")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CohortError(f"{path} is not UTF-8 (byte {error.start})", _FORM, _SAVE) from error


def _require_columns(path: Path | str, names: Sequence[str], columns: Sequence[str]) -> None:
    if duplicates := sorted({name for name in names if name and names.count(name) > 1}):
        raise CohortError(
            f"{path} has two columns named {duplicates[0]!r}", "column names differ", "rename one"
        )
    missing = [column for column in columns if column not in names]
    if missing:
        raise CohortError(
            f"{path} has no column {', '.join(map(repr, missing))}; its columns are {list(names)}",
            f"the columns are {', '.join(columns)}, and any others",
            _column_repair(missing),
        )


def _column_repair(missing: Sequence[str]) -> str:
    if "patient" in missing:
        return (
            "add a column patient, so that no patient is in two parts of a split; where every "
            "slide is of another patient, copy the slide column into it"
        )
    return f"rename or add {', '.join(missing)} in the header line"
