"""A feature folder and its table in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai_ext.data.cohort import read_cohort
from monai_ext.data.cohort_report import CohortReport, FeatureReport, LevelReport, inspect_features

_SHOWN = 5


def feature_lines(folder: Path, cohort_csv: Path | None) -> list[str]:
    """What is in a folder of features, how the table fits, and what is missing.

    Raises:
        FeatureError: if no set of features can be told apart.
        CohortError: if the table is not sound.
    """
    cohort = None if cohort_csv is None else read_cohort(cohort_csv)
    found = inspect_features(folder, cohort)
    lines = [f"Features in {found.root}: {found.num_slides} slides, {len(found.levels)} levels"]
    lines += [_level(k, level) for k, level in enumerate(found.levels)]
    lines += _faults(found)
    if found.cohort is not None:
        lines += _cohort(found.cohort)
    verdict = "All of it can be split and trained on." if found.is_sound else "Mend this first."
    return [*lines, verdict]


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _level(k: int, level: LevelReport) -> str:
    if not level.mpps:
        mpp = "mpp not said"
    elif level.mpps[0] == level.mpps[1]:
        mpp = f"{level.mpps[0]:g} um/px"
    else:
        mpp = f"{level.mpps[0]:.3g} to {level.mpps[1]:.3g} um/px"
    power = "/".join(f"{value:g}x" for value in level.magnifications) or "magnification not said"
    widths = "/".join(map(str, level.widths))
    return (
        f"  level {k}: {power}, {mpp}, encoder {'/'.join(level.encoder_ids) or 'not said'}, "
        f"{widths} wide, {level.num_files} files, {level.num_tiles} tiles, "
        f"layout {'/'.join(level.sources)}"
    )


def _faults(found: FeatureReport) -> list[str]:
    lines = [f"  damaged: {line}" for line in found.damaged]
    lines += [f"  unlike the others: {line}" for line in found.differences]
    lines += [f"  there twice: {line}" for line in found.duplicates]
    for slide, folders in found.missing_levels.items():
        lines.append(f"  {slide}: no file in {', '.join(map(str, folders))}")
    if found.without_tissue:
        lines.append(f"  without tissue, in no split: {listed(found.without_tissue)}")
    if found.not_said:
        lines.append(f"  not said by all files, so not compared: {', '.join(found.not_said)}")
    if found.no_place is not None:
        lines.append(f"  no place on a grid, so no spatial method: {found.no_place}")
    return lines


def _cohort(found: CohortReport) -> list[str]:
    labels = ", ".join(f"{name} {count}" for name, count in found.labels.items())
    lines = [f"Table: {found.num_slides} slides of {found.num_patients} patients; {labels}"]
    if found.most_slides_a_patient > 1:
        lines.append(
            f"  up to {found.most_slides_a_patient} slides a patient: splits keep them together"
        )
    if found.mixed_patients:
        lines.append(f"  patients with slides of several classes: {listed(found.mixed_patients)}")
    if found.without_features:
        lines.append(f"  in the table, but no features: {listed(found.without_features)}")
    if found.without_label:
        lines.append(f"  features, but not in the table: {listed(found.without_label)}")
    return lines
