"""Facts about a folder of features, and how it fits a table: what the ``doctor`` tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_ext.data.cohort import Cohort
from monai_ext.data.feature_check import read_all_facts
from monai_ext.data.feature_differences import level_differences, same_slides
from monai_ext.data.feature_folder import FeatureFolder, find_features
from monai_ext.data.join import join_levels
from monai_ext.data.read_feature import read_features
from monai_ext.data.slide_features import FeatureFacts
from monai_ext.errors import FeatureError


@dataclass(frozen=True)
class LevelReport:
    """One magnification.

    Attributes:
        folder: where its files lie.
        num_files: of feature files.
        num_tiles: over all slides that could be read.
        sources: layouts found, e.g. ``("trident",)``.
        encoder_ids: encoders found; more than one is a fault.
        widths: feature widths found.
        magnifications: nominal ones found.
        mpps: smallest and largest um a pixel of the tiles; None if no file says.
        tile_px: tile sizes found.
        steps_px: distances of tiles found, in level-0 pixels.
    """

    folder: Path
    num_files: int
    num_tiles: int
    sources: tuple[str, ...]
    encoder_ids: tuple[str, ...]
    widths: tuple[int, ...]
    magnifications: tuple[float, ...]
    mpps: tuple[float, float] | None
    tile_px: tuple[int, ...]
    steps_px: tuple[float, ...]


@dataclass(frozen=True)
class CohortReport:
    """How a table fits the features.

    Attributes:
        num_slides: rows of the table.
        num_patients: different patients.
        labels: slides of each class.
        most_slides_a_patient: the largest number.
        mixed_patients: patients with slides of several classes.
        without_features: slides of the table that lack a feature file.
        without_label: slides with features that the table lacks.
    """

    num_slides: int
    num_patients: int
    labels: dict[str, int]
    most_slides_a_patient: int
    mixed_patients: tuple[str, ...]
    without_features: tuple[str, ...]
    without_label: tuple[str, ...]


@dataclass(frozen=True)
class FeatureReport:
    """What ``inspect_features`` found.

    Attributes:
        root: the folder looked at.
        levels: finest first.
        num_slides: with a file at any level.
        missing_levels: slide to the folders that lack it.
        damaged: a line for each file that cannot be read.
        differences: a line for each file unlike the others of its level.
        duplicates: a line for each slide that is there under several names.
        not_said: what some files do not say, so that it cannot be compared.
        without_tissue: slides without tiles.
        no_place: why the first slide has no place on a grid; None if it has.
        cohort: how the table fits; None without a table.
    """

    root: Path
    levels: tuple[LevelReport, ...]
    num_slides: int
    missing_levels: dict[str, list[Path]]
    damaged: tuple[str, ...]
    differences: tuple[str, ...]
    duplicates: tuple[str, ...]
    not_said: tuple[str, ...]
    without_tissue: tuple[str, ...]
    no_place: str | None
    cohort: CohortReport | None

    @property
    def is_sound(self) -> bool:
        """Whether a split can be made of all of it."""
        lacking = bool(self.cohort and self.cohort.without_features)
        faults = (self.damaged, self.differences, self.duplicates)
        return not (any(faults) or lacking or (self.cohort is None and self.missing_levels))


def inspect_features(
    root: Path | str | FeatureFolder, cohort: Cohort | None = None
) -> FeatureReport:
    """Look at every feature file's header, and at the table; complain about nothing.

    Args:
        root: the folder, or what ``find_features`` found there.
        cohort: the table, see ``read_cohort``.

    Raises:
        FeatureError: if no set of features can be told, see ``find_features``.
    """
    folder = root if isinstance(root, FeatureFolder) else find_features(root)
    facts, damaged = read_all_facts(folder, folder.slides)
    differences, unsaid = level_differences(folder, facts)
    return FeatureReport(
        root=folder.root,
        levels=tuple(_level(folder, facts, k) for k in range(len(folder.levels))),
        num_slides=len(folder.slides),
        missing_levels={s: gaps for s in folder.slides if (gaps := folder.missing(s))},
        damaged=tuple(damaged),
        differences=tuple(differences),
        duplicates=tuple(same_slides(facts)),
        not_said=tuple(unsaid),
        without_tissue=tuple(
            slide for slide, each in facts.items() if not any(one.shape[0] for one in each)
        ),
        no_place=_no_place(folder, facts),
        cohort=None if cohort is None else _cohort(cohort, folder),
    )


def _level(
    folder: FeatureFolder, facts: Mapping[str, Sequence[FeatureFacts]], k: int
) -> LevelReport:
    level, each = folder.levels[k], [found[k] for found in facts.values()]

    def known(name: str) -> tuple:
        return tuple(sorted({getattr(one, name) for one in each} - {None}))

    mpps = known("mpp")
    return LevelReport(
        folder=level.folder,
        num_files=len(level.files),
        num_tiles=sum(one.shape[0] for one in each),
        sources=known("source"),
        encoder_ids=known("encoder_id") or ((level.encoder_id,) if level.encoder_id else ()),
        widths=tuple(sorted({one.shape[1] for one in each if one.shape[1]})),
        magnifications=known("magnification"),
        mpps=(mpps[0], mpps[-1]) if mpps else None,
        tile_px=known("tile_px"),
        steps_px=known("step_px"),
    )


def _no_place(folder: FeatureFolder, facts: Mapping[str, Sequence[FeatureFacts]]) -> str | None:
    for slide, each in facts.items():
        if any(one.shape[0] for one in each):
            try:
                join_levels([read_features(path, mapped=True) for path in folder.files(slide)])
            except FeatureError as error:
                return str(error)
            return None
    return None


def _cohort(cohort: Cohort, folder: FeatureFolder) -> CohortReport:
    labels: dict[str, set[str]] = {}
    for item in cohort.slides:
        labels.setdefault(item.patient, set()).add(item.label)
    listed = {item.slide for item in cohort.slides}
    counts = Counter(item.patient for item in cohort.slides)
    by_class = Counter(item.label for item in cohort.slides)
    return CohortReport(
        num_slides=len(cohort.slides),
        num_patients=len(labels),
        labels={name: by_class[name] for name in cohort.class_names},
        most_slides_a_patient=max(counts.values(), default=0),
        mixed_patients=tuple(sorted(name for name, found in labels.items() if len(found) > 1)),
        without_features=tuple(sorted(slide for slide in listed if folder.missing(slide))),
        without_label=tuple(sorted(set(folder.slides) - listed)),
    )
