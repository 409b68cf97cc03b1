"""The datalist of a bundle run, read once and checked, in plain words where it is not sound."""

from __future__ import annotations

from pathlib import Path

from monai_ext.data import Datalist, load_datalist
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.errors import CohortError
from monai_ext.flags import as_path


def load_split(datalist: Path | str, output_dir: Path | str | None = None) -> Datalist:
    """Read a datalist for a bundle config.

    Args:
        datalist: path of the JSON that ``python -m monai_ext split`` wrote.
        output_dir: folder for the traceback.

    Raises:
        SystemExit: with one plain line where the file is missing or not sound.
    """
    with plain_errors(output_dir):
        return load_datalist(existing_datalist(datalist, "split"))


def existing_datalist(datalist: Path | str, verb: str) -> Path:
    """The path of a datalist that is there.

    Args:
        datalist: as a config gives it.
        verb: of the command that makes such a datalist.

    Raises:
        CohortError: if it is not there.
    """
    path = as_path(datalist)
    if path is None or not path.is_file():
        raise CohortError(
            f"datalist {path} does not exist",
            "training needs a split",
            f"--datalist FILE.json; make it with: python -m monai_ext {verb} --help",
        )
    return path
