"""Methods are compared on the same splits, slides and labels, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monai_ext.errors import SettingError
from monai_ext.experiments.experiment_folder import Experiment

_SHOWN = 3
FEWEST_SPLITS = 2


def require_same_splits(reference: Experiment, others: Sequence[Experiment]) -> None:
    """Refuse experiments that cannot be paired, split by split and slide by slide.

    Raises:
        SettingError: names the experiments and what differs: the splits' names, the patients of
            a part, test slides, their labels, the classes, or the training slides (split hash);
            also if there is one split only.
    """
    if len(reference.parts) < FEWEST_SPLITS:
        raise SettingError(
            f"{reference.name} has {len(reference.parts)} split",
            "methods are compared over 2 splits or more, from 5 on with intervals",
            "make folds or draws: python -m monai_ext split --folds 5",
        )
    for other in others:
        if found := _difference(reference, other):
            raise SettingError(
                f"{other.name} differs from {reference.name}: {found}",
                "methods are compared on the same splits, test slides and labels",
                "run crossval of both with the same --splits",
            )


def _difference(a: Experiment, b: Experiment) -> str:
    if set(a.parts) != set(b.parts):
        return "splits " + _only(set(a.parts), set(b.parts), a.name, b.name)
    for split in a.parts:
        if found := _split_difference(a, b, split):
            return f"{split}: {found}"
    return ""


def _split_difference(a: Experiment, b: Experiment, split: str) -> str:
    ours, theirs = a.tables[split], b.tables[split]
    if ours.class_names != theirs.class_names:
        return f"classes {', '.join(ours.class_names)} and {', '.join(theirs.class_names)}"
    labels, their_labels = ({row.slide: row.label for row in t.rows} for t in (ours, theirs))
    if set(labels) != set(their_labels):
        return "test slides " + _only(set(labels), set(their_labels), a.name, b.name)
    changed = sorted(slide for slide in labels if labels[slide] != their_labels[slide])
    if changed:
        return f"labels of test slides {_some(changed)}"
    for part in ("training", "validation", "test"):
        members, their_members = (set(getattr(e.parts[split], part)) for e in (a, b))
        if members != their_members:
            return f"{part} patients " + _only(members, their_members, a.name, b.name)
    hashes = [e.parts[split].split_hash for e in (a, b)]
    if hashes[0] != hashes[1]:
        return f"training or validation slides or their labels (split hash {' and '.join(hashes)})"
    return ""


def _only(ours: set[str], theirs: set[str], name: str, other: str) -> str:
    sides = [(ours - theirs, name), (theirs - ours, other)]
    return " and ".join(f"{_some(sorted(s))} only in {where}" for s, where in sides if s)


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
