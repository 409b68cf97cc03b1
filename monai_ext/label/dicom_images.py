"""DICOM slides among the files of a server, each as one image."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from monai_ext.errors import SlideError
from monai_ext.wsi.dicom_series import DICOM_SUFFIX, dicom_slide, read_dicom_file, series_levels


def one_image_a_slide(studies: Path, names: Iterable[str]) -> list[str]:
    """Names of the images: folders of DICOM slides too, and of a series only its finest level.

    Args:
        studies: the server's folder.
        names: of files in it.
    """
    kept, series = [], set()
    for name in sorted(names):
        path = studies / name
        if path.suffix.lower() != DICOM_SUFFIX:
            kept.append(name)
        elif (head := read_dicom_file(path)) is not None and head.series not in series:
            series.add(head.series)
            kept += _finest(path)
    return [*kept, *(path.name for path in sorted(studies.iterdir()) if _is_slide(path))]


def finest_level(path: Path) -> Path:
    """The file of a folder that stands for its DICOM slide; what is no such folder is itself."""
    if not path.is_dir():
        return path
    try:
        return series_levels(path)[0].path
    except SlideError:
        return path


def _finest(path: Path) -> list[str]:
    try:
        return [series_levels(path)[0].path.name]
    except SlideError:
        return []


def _is_slide(path: Path) -> bool:
    if not path.is_dir() or path.name.startswith("."):
        return False
    return dicom_slide([file for file in path.iterdir() if _is_dicom(file)]) is not None


def _is_dicom(path: Path) -> bool:
    return path.suffix.lower() == DICOM_SUFFIX and not path.name.startswith(".")
