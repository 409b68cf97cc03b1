"""Demonstration weights are for invented slides: real ones need a word that one knows."""

from __future__ import annotations

import json
from pathlib import Path

from monai_ext.data.invented import is_invented
from monai_ext.engines.extraction_slides import find_slides
from monai_ext.errors import SettingError


def require_invented(metadata: Path, slides: Path | None, features: Path | None) -> None:
    """Refuse input that is not invented if the weights are a demonstration's.

    Args:
        metadata: of the bundle or run; a version that ends in ``-demo`` tells.
        slides: folder or slide; images that are no slides count as real.
        features: nobody knows where they are from, so they count as real.

    Raises:
        SettingError: names the first input that may be real.
    """
    if not _is_demonstration(metadata):
        return
    given = [features] if features is not None else _real(slides)
    if given:
        raise SettingError(
            f"{given[0]} may be real, the weights are a demonstration's",
            "weights that were trained on invented slides say nothing about tissue",
            "train on your data, or --allow_demo True to see how things work",
        )


def _is_demonstration(metadata: Path) -> bool:
    if not metadata.is_file():
        return False
    return str(json.loads(metadata.read_text(encoding="utf-8"))["version"]).endswith("-demo")


def _real(slides: Path | None) -> list[Path]:
    if slides is None:
        return []
    found = [Path(item["image"]) for item in find_slides(slides)] if slides.is_dir() else [slides]
    return [path for path in found if not is_invented(path)] if found else [slides]
