"""Tissue outlines for a person to look at and to edit, and the settings that found them."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_ext import wsi
from monai_ext.atomic import write_atomically
from monai_ext.errors import SettingError, SlideError
from monai_ext.hashing import json_hash

_SEAL = "monai_ext_features_hash"


def tissue_method(given: Mapping[str, Any]) -> str:
    """All settings of the own segmentation as text, the defaults too: part of the request.

    Args:
        given: arguments of :func:`monai_ext.wsi.segment_tissue`.

    Raises:
        SettingError: for a name that is none of its arguments, or a value that is no number.

    Example:
        >>> tissue_method({"closing_um": 8})[:49]
        'own thumbnail_mpp=8 max_threshold=0.1 min_thresho'
    """
    parameters = inspect.signature(wsi.segment_tissue).parameters.values()
    known = {item.name: item.default for item in parameters if item.kind is item.KEYWORD_ONLY}
    wrong = [name for name in given if name not in known]
    wrong += [name for name, value in given.items() if not isinstance(value, (int, float))]
    if wrong:
        raise SettingError(
            f"tissue={dict(given)}: {wrong[0]}",
            f"tissue holds numbers under {', '.join(known)}",
            "correct or remove it",
        )
    return "own " + " ".join(f"{name}={value:g}" for name, value in {**known, **given}.items())


def tissue_path(root: Path | str, slide: str) -> Path:
    """Where the outlines of a slide's tissue lie: ``tissue/<slide>.geojson``."""
    return Path(root) / "tissue" / f"{slide}.geojson"


def write_tissue(root: Path | str, slide: str, tissue: wsi.TissueMask) -> Path:
    """Write the outlines, unless a file that someone edited is there.

    The file carries a hash of its features, so that what was found by itself can be told from
    what was edited, and is replaced when the settings change.

    Args:
        root: folder of the extraction.
        slide: its name.
        tissue: what was found.

    Returns:
        The file.

    Raises:
        SlideError: if the file exists and was edited.
    """
    path = tissue_path(root, slide)
    if path.exists() and not _is_untouched(path):
        raise SlideError(
            f"slide {slide}: {path} was edited",
            "outlines that were edited are never overwritten",
            f"use them with --tissue_dir {path.parent}, or delete the file",
        )
    outlines = _outlines(tissue)
    with write_atomically(path) as partial:
        text = json.dumps({**outlines, _SEAL: json_hash(outlines["features"])})
        partial.write_text(text, encoding="utf-8")
    return path


def _is_untouched(path: Path) -> bool:
    try:
        outlines = json.loads(path.read_text(encoding="utf-8"))
        return outlines[_SEAL] == json_hash(outlines["features"])
    except (ValueError, KeyError, TypeError):
        return False


def _outlines(tissue: wsi.TissueMask) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tissue.geojson"
        wsi.tissue_to_geojson(tissue, path)
        return json.loads(path.read_text(encoding="utf-8"))
