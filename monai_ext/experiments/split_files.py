"""The split files of a folder, in their order."""

from __future__ import annotations

import re
from pathlib import Path

from monai_ext.errors import CohortError


def split_files(folder: Path | str) -> list[Path]:
    """All datalists of a folder, ``fold2`` before ``fold10``.

    Raises:
        CohortError: if there is none.
    """
    found = sorted(Path(folder).glob("*.json"), key=_natural)
    if not found:
        raise CohortError(
            f"{folder} holds no split (*.json)",
            "cross-validation runs every split of a folder",
            "make them: python -m monai_ext split --cohort CSV --features DIR --output SPLITS",
        )
    return found


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.stem)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
