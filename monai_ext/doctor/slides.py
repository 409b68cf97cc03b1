"""A folder of slides in plain words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from monai_ext.data.cohort import read_cohort
from monai_ext.doctor.features import listed
from monai_ext.engines import find_slides
from monai_ext.errors import MonaiExtError, SlideError
from monai_ext.wsi import open_slide, require_mpp


def slide_lines(folder: Path, cohort_csv: Path | None) -> list[str]:
    """Which slides open, at which resolution, by which reader, and what the table lacks.

    Raises:
        SlideError: if there is no slide.
        CohortError: if the table is not sound.
    """
    slides = find_slides(folder)
    if not slides:
        raise SlideError(
            f"no slide in {folder}", "slides are found by their suffix", "check the folder"
        )
    readers: Counter[str] = Counter()
    lines, faults = [], []
    for item in slides:
        line, reader = _slide(item)
        readers[reader] += 1
        (lines if reader else faults).append(f"  {item['slide']}: {line}")
    opened = ", ".join(f"{count} by {name}" for name, count in readers.items() if name)
    head = f"Slides in {folder}: {len(slides)}; opened {opened or 'none'}"
    names = [item["slide"] for item in slides]
    doubles = [name for name, count in Counter(names).items() if count > 1]
    tail = [f"  the same name in two folders: {listed(doubles)}"] if doubles else []
    return [head, *lines[:20], *faults, *tail, *_table(names, cohort_csv)]


def _slide(item: dict[str, Any]) -> tuple[str, str]:
    try:
        with open_slide(item["image"]) as slide:
            info = slide.info
            size = f"{info.width} x {info.height} px, {len(info.levels)} levels"
            mpp = require_mpp(info)
            bounds = "" if info.bounds is None else f", bounds {info.bounds}"
            return f"{size}, {mpp:.4g} um/px{bounds}, {info.vendor}", slide.backend
    except (MonaiExtError, OSError) as error:
        return str(error), ""


def _table(names: list[str], cohort_csv: Path | None) -> list[str]:
    if cohort_csv is None:
        return []
    cohort = read_cohort(cohort_csv)
    known = {item.slide for item in cohort.slides}
    lines = [f"Table: {len(known)} slides of {len(cohort.patients)} patients"]
    absent, extra = sorted(known - set(names)), sorted(set(names) - known)
    if absent:
        lines.append(f"  in the table, but no slide: {listed(absent)}")
    if extra:
        lines.append(f"  slides, but not in the table: {listed(extra)}")
    return lines
