"""Check that the features of many slides belong together, before anything is trained."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_ext.data.feature_differences import level_differences, same_slides
from monai_ext.data.feature_folder import FeatureFolder
from monai_ext.data.join import grid_levels
from monai_ext.data.problems import raise_all
from monai_ext.data.read_feature import read_facts
from monai_ext.data.slide_features import FeatureFacts
from monai_ext.errors import FeatureError


@dataclass(frozen=True)
class CheckedFeatures:
    """Features that belong together.

    Attributes:
        files: slide to its files, finest first; slides without tissue are not among them.
        in_channels: width D of each level.
        levels: grid level of each level.
        encoder_ids: encoder of each level.
        without_tissue: slides whose files have no rows.
    """

    files: Mapping[str, tuple[Path, ...]]
    in_channels: tuple[int, ...]
    levels: tuple[int, ...]
    encoder_ids: tuple[str | None, ...]
    without_tissue: tuple[str, ...]


def check_features(folder: FeatureFolder, slides: Sequence[str]) -> CheckedFeatures:
    """Read what every slide's files say and compare them level by level.

    Within a level, encoder, weights, width and grid are the same for all slides; levels may
    differ from one another. What a file does not say is not compared, with one warning.

    Args:
        folder: see ``find_features``.
        slides: those needed.

    Raises:
        CohortError: with the full list: files that are missing or cannot be read, and files that
            differ from the others of their level.
    """
    facts, problems = read_all_facts(folder, slides)
    problems = [*_missing(folder, slides), *problems]
    differences, unsaid = level_differences(folder, facts)
    problems += [*differences, *same_slides(facts)]
    if unsaid:
        logging.getLogger(__name__).warning(
            "features in %s do not all say their %s: not compared", folder.root, ", ".join(unsaid)
        )
    full = {slide: each for slide, each in facts.items() if _has_tiles(each)}
    grids, odd = _grids(full)
    raise_all(
        f"features in {folder.root}",
        problems + odd,
        "every slide has a complete file at every level, of one encoder, weights and grid a level",
        "extract these slides again, or take them out of the cohort",
    )
    if not full:
        raise FeatureError(
            f"features in {folder.root}: no slide has tissue", "bags hold tiles", "check the slides"
        )
    first = next(iter(full.values()))
    return CheckedFeatures(
        files={slide: tuple(folder.files(slide)) for slide in full},
        in_channels=tuple(one.shape[1] for one in first),
        levels=grids,
        encoder_ids=tuple(one.encoder_id for one in first),
        without_tissue=tuple(slide for slide in facts if slide not in full),
    )


def read_all_facts(
    folder: FeatureFolder, slides: Sequence[str]
) -> tuple[dict[str, list[FeatureFacts]], list[str]]:
    """What the files of every slide that has all levels say; and a line for each bad file."""
    facts, problems = {}, []
    for slide in slides:
        if not folder.missing(slide):
            try:
                facts[slide] = [read_facts(path) for path in folder.files(slide)]
            except FeatureError as error:
                problems.append(f"slide {slide!r}: {error.found}")
    return facts, problems


def _missing(folder: FeatureFolder, slides: Sequence[str]) -> list[str]:
    return [
        f"slide {slide!r}: no file in {place}"
        for slide in slides
        for place in folder.missing(slide)
    ]


def _has_tiles(levels: Sequence[FeatureFacts]) -> bool:
    """Whether there is a tile at any level, and every width is known."""
    return any(one.shape[0] for one in levels) and all(one.shape[1] for one in levels)


def _grids(
    facts: Mapping[str, Sequence[FeatureFacts]],
) -> tuple[tuple[int, ...], list[str]]:
    """Grid levels that all slides share, and those that differ or do not join."""
    found: dict[str, tuple[int, ...]] = {}
    problems = []
    for slide, each in facts.items():
        if any(one.step_px is None for one in each):
            found[slide] = tuple(range(len(each)))
            continue
        try:
            found[slide] = grid_levels(each)
        except FeatureError as error:
            problems.append(error.found)
    usual = Counter(found.values()).most_common(1)
    shared = usual[0][0] if usual else ()
    problems += [
        f"slide {slide!r} has grid levels {levels}, others have {shared}"
        for slide, levels in found.items()
        if levels != shared
    ]
    return shared, problems
