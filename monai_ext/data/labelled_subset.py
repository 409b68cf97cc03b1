"""Which images of a training part keep their masks: nested subsets of every size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from monai_ext.errors import CohortError


def labelled_order(
    groups: Mapping[str, str], classes: Mapping[str, Sequence[int]], seed: int
) -> list[str]:
    """An order of the images whose every beginning is a fair labelled subset.

    The images that are needed to show every class come first; after them each image is of the
    group (grade, centre) that is most behind its share. So a smaller subset lies in a larger one.

    Args:
        groups: group of each image.
        classes: pixel classes that each image shows.
        seed: of the order inside the groups.

    Example:
        >>> labelled_order({"a": "x", "b": "x", "c": "y"}, {"a": [0], "b": [0], "c": [0, 1]}, 0)[0]
        'c'
    """
    rng = np.random.default_rng(seed)
    shuffled = [str(name) for name in rng.permutation(sorted(groups))]
    order = _cover(shuffled, classes)
    total = {g: sum(v == g for v in groups.values()) for g in sorted(set(groups.values()))}
    taken = {g: sum(groups[name] == g for name in order) for g in total}
    left = [name for name in shuffled if name not in order]
    while left:
        waiting = {groups[name] for name in left}
        share = (len(order) + 1) / len(groups)
        behind = max(sorted(waiting), key=lambda g: share * total[g] - taken[g])
        name = next(name for name in left if groups[name] == behind)
        left.remove(name)
        order.append(name)
        taken[behind] += 1
    return order


def labelled_count(number: int, ratio: float) -> int:
    """Images that a ratio means, at least one.

    Args:
        number: images of the training part.
        ratio: 0 < ratio <= 1.

    Raises:
        CohortError: if the ratio is outside its range.
    """
    if not 0 < ratio <= 1:
        raise CohortError(f"labelled_ratio={ratio}", "0 < ratio <= 1", "give 0.1 for 10 %")
    return max(1, round(number * ratio))


def require_classes(
    names: Sequence[str], classes: Mapping[str, Sequence[int]], class_names: Sequence[str]
) -> None:
    """Refuse a labelled subset that does not show every class.

    Raises:
        CohortError: names the classes without a labelled image.
    """
    shown = {c for name in names for c in classes[name]}
    missing = [name for k, name in enumerate(class_names) if k not in shown]
    if missing:
        raise CohortError(
            f"{len(names)} labelled images show no pixel of {', '.join(missing)}",
            "every class has a labelled image",
            "label one that shows it, or take a larger ratio",
        )


def _cover(names: Sequence[str], classes: Mapping[str, Sequence[int]]) -> list[str]:
    """Few images that show every class, greedily, ties by the order of ``names``."""
    wanted = {c for name in names for c in classes[name]}
    chosen: list[str] = []
    while wanted:
        best = max(names, key=lambda name: len(wanted & set(classes[name])))
        chosen.append(best)
        wanted -= set(classes[best])
    return chosen
