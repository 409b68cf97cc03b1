"""What is not alike among feature files that should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from monai_ext.data.feature_folder import FeatureFolder
from monai_ext.data.slide_features import FeatureFacts

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


def level_differences(
    folder: FeatureFolder, facts: Mapping[str, Sequence[FeatureFacts]]
) -> tuple[list[str], list[str]]:
    """Compare the slides of each level; levels may differ from one another.

    Args:
        folder: see ``find_features``.
        facts: slide to what its files say, finest first.

    Returns:
        One line for each file that is not like most others of its level; and the names of what
        some files do not say, which is not compared.
    """
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
    return problems, sorted(unsaid)


def same_slides(facts: Mapping[str, Sequence[FeatureFacts]]) -> list[str]:
    """One slide under several names: it could be trained on and tested."""
    names: dict[str, list[str]] = {}
    for slide, each in facts.items():
        for slide_hash in {one.slide_hash for one in each} - {None}:
            names.setdefault(str(slide_hash), []).append(slide)
    return [
        f"slides {', '.join(map(repr, same))} are one and the same file"
        for same in names.values()
        if len(same) > 1
    ]


def _value(facts: FeatureFacts, key: str) -> object:
    if key == "width":
        return facts.shape[1] or None
    return getattr(facts, key)
