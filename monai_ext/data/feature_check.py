"""Check that the features of many slides belong together, before anything is trained."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_ext.data.feature_folder import FeatureFolder
from monai_ext.data.join import grid_levels
from monai_ext.data.problems import raise_all
from monai_ext.data.read_feature import read_facts
from monai_ext.data.slide_features import FeatureFacts
from monai_ext.errors import FeatureError

_SAME = {
    "width": "width D",
    "encoder_id": "encoder",
    "weight_hash": "encoder weights",
    "transform_hash": "tile transform",
    "tile_px": "tile size",
    "overlap_px": "overlap",
    "magnification": "magnification",
    "request_hash": "grid settings",
}
"""What is one and the same within a level over all slides, and how to call it."""


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
    problems = [
        f"slide {slide!r}: no file in {place}"
        for slide in slides
        for place in folder.missing(slide)
    ]
    facts: dict[str, list[FeatureFacts]] = {}
    for slide in slides:
        if not folder.missing(slide):
            try:
                facts[slide] = [read_facts(path) for path in folder.files(slide)]
            except FeatureError as error:
                problems.append(f"slide {slide!r}: {error.found}")
    problems += _differences(folder, facts)
    problems += _same_slides(facts)
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


def _differences(folder: FeatureFolder, facts: Mapping[str, Sequence[FeatureFacts]]) -> list[str]:
    """Files that are not like most others of their level."""
    problems, unsaid = [], set()
    for k, level in enumerate(folder.levels):
        for key, title in _SAME.items():
            values = {slide: _value(each[k], key) for slide, each in facts.items()}
            known = {slide: value for slide, value in values.items() if value is not None}
            if len(known) < len(values) and key != "width":
                unsaid.add(title)
            usual = Counter(known.values()).most_common(1)
            problems += [
                f"slide {slide!r} in {level.folder}: {title} {value}, others have {usual[0][0]}"
                for slide, value in known.items()
                if value != usual[0][0]
            ]
    if unsaid:
        logging.getLogger(__name__).warning(
            "features in %s do not all say their %s: not compared",
            folder.root,
            ", ".join(sorted(unsaid)),
        )
    return problems


def _same_slides(facts: Mapping[str, Sequence[FeatureFacts]]) -> list[str]:
    """One slide under several names would be trained on and tested."""
    names: dict[str, list[str]] = {}
    for slide, each in facts.items():
        hashes = {one.slide_hash for one in each} - {None}
        for slide_hash in hashes:
            names.setdefault(str(slide_hash), []).append(slide)
    return [
        f"slides {', '.join(map(repr, same))} are one and the same file"
        for same in names.values()
        if len(same) > 1
    ]


def _has_tiles(levels: Sequence[FeatureFacts]) -> bool:
    """Whether there is a tile at any level, and every width is known."""
    return any(one.shape[0] for one in levels) and all(one.shape[1] for one in levels)


def _value(facts: FeatureFacts, key: str) -> object:
    if key == "width":
        return facts.shape[1] or None
    return getattr(facts, key)


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
