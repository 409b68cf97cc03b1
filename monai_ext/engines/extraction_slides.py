"""Which slides lie in a folder."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.data.feature_layout import slide_stem
from monai_ext.errors import CohortError
from monai_ext.flags import as_folder, as_path
from monai_ext.wsi.dicom_series import DICOM_SUFFIX, dicom_slide

SLIDE_SUFFIXES = (".svs", ".svslide", ".tif", ".tiff", ".ndpi", ".mrxs", ".scn", ".vms", ".vmu")
SLIDE_SUFFIXES += (".bif", ".dcm", ".czi", ".qptiff")


def find_slides(
    folder: Path | str,
    *,
    mpp: float | None = None,
    cohort: Path | str | None = None,
    without: Sequence[Path | str | None] = (),
) -> list[dict[str, Any]]:
    """List the slides of a folder and of the folders in it, sorted by path; or one slide.

    A slide is a file with a known suffix, in small or capital letters; hidden files are passed
    over. The DICOM files of one folder are one slide, which is that folder and has its name if
    there are several. Linked folders are followed, each one once.

    Args:
        folder: where to look, or a slide; any file of a DICOM slide stands for it.
        mpp: um a level-0 px of every slide, in place of what the files say.
        cohort: CSV with columns ``slide`` and ``mpp``; its values go before ``mpp``.
        without: folders that are passed over.

    Returns:
        A MONAI data list: ``image`` (path), ``slide`` (name), ``mpp`` (given value or None).

    Raises:
        CohortError: if the CSV lacks a column or holds something else than numbers.
    """
    root, given = as_folder(folder), {} if (table := as_path(cohort)) is None else read_mpps(table)
    common = None if mpp is None else float(mpp)
    passed = {os.path.realpath(path) for item in without if (path := as_path(item))}
    passed.discard(os.path.realpath(root))
    groups = [[*root.parent.iterdir()]] if root.is_file() else _walk(root, passed)
    found = sorted(path for files in groups for path in _slides_of(files))
    return [
        {
            "image": str(path if root.is_dir() else root),
            "slide": name,
            "mpp": given.get(name, common),
        }
        for path, name in found
        if path in (root, _dicom_folder(root)) or root.is_dir()
    ]


def find_duplicates(slides: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Names that several slides have, with the slides' paths."""
    paths: dict[str, list[str]] = defaultdict(list)
    for slide in slides:
        paths[slide["slide"]].append(slide["image"])
    return {name: found for name, found in paths.items() if len(found) > 1}


def read_mpps(path: Path | str) -> dict[str, float]:
    """Um a level-0 px by slide, from the columns ``slide`` and ``mpp`` of a CSV; blanks are none.

    Raises:
        CohortError: if the file or a column is missing, or a value is no number.
    """
    path = as_folder(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            lines = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise CohortError(f"cohort {path}: {error}", "a readable CSV", "check the path") from error
    if lines and not {"slide", "mpp"} <= set(lines[0]):
        raise CohortError(
            f"cohort {path} has columns {', '.join(map(str, lines[0]))}",
            "um a pixel come from the columns slide and mpp",
            "add the missing column, or leave --cohort out",
        )
    return {slide_stem(line["slide"]): _number(line, path) for line in lines if line["mpp"]}


def _number(line: Mapping[str, str], path: Path) -> float:
    try:
        return float(line["mpp"])
    except ValueError as error:
        raise CohortError(
            f"cohort {path}, slide {line['slide']}: mpp={line['mpp']!r}",
            "um a pixel is a number",
            "write e.g. 0.25, or leave it blank",
        ) from error


def _walk(folder: Path, passed: set[str]) -> Iterator[list[Path]]:
    """Files of every folder, each folder once whatever links lead to it."""
    for root, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        if real in passed:
            folders.clear()
            continue
        passed.add(real)
        yield [Path(root) / name for name in names if not name.startswith(".")]


def _slides_of(files: list[Path]) -> Iterator[tuple[Path, str]]:
    slides = [path for path in files if path.suffix.lower() in SLIDE_SUFFIXES]
    dicom = [path for path in slides if path.suffix.lower() == DICOM_SUFFIX]
    if found := dicom_slide(dicom):
        yield found
    yield from ((path, slide_stem(path)) for path in slides if path not in dicom)


def _dicom_folder(path: Path) -> Path | None:
    return path.parent if path.suffix.lower() == DICOM_SUFFIX else None
