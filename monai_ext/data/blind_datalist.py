"""A split without its test part, for whatever may not see it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from monai_ext.atomic import write_atomically
from monai_ext.data.datalist import Datalist, load_datalist
from monai_ext.errors import CohortError


def write_blind_datalist(source: Path | str, target: Path | str) -> Datalist:
    """Copy a datalist without its test part: not a file and not a label of it is looked at.

    Args:
        source: datalist JSON.
        target: the copy; its paths lead to the same files.

    Returns:
        The copy, checked as every datalist is.

    Raises:
        CohortError: if the source is no datalist, or its training or validation part is not sound.
    """
    source, target = Path(source), Path(target)
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
        parts = {part: content[part] for part in ("training", "validation")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CohortError(
            f"datalist {source} cannot be read ({error})",
            "a datalist is a JSON file with training and validation",
            "make it: python -m monai_ext split",
        ) from error
    here, there = source.resolve().parent, target.resolve().parent
    moved = {
        part: [
            {**item, "image": _moved(item.get("image", []), here, there)}
            for item in items
            if isinstance(item, dict)
        ]
        for part, items in parts.items()
    }
    with write_atomically(target) as partial:
        text = json.dumps({**content, **moved, "test": []}, indent=1, ensure_ascii=False)
        partial.write_text(text, encoding="utf-8")
    return load_datalist(target)


def _moved(image: str | list[str], here: Path, there: Path) -> str | list[str]:
    if isinstance(image, str):
        return Path(os.path.relpath(here / image, there)).as_posix()
    return [Path(os.path.relpath(here / str(file), there)).as_posix() for file in image]
