"""Draw whole patients so that every class is among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from monai_ext.data.cohort import CohortSlide
from monai_ext.errors import CohortError


def patients_by_class(slides: Sequence[CohortSlide]) -> dict[str, list[str]]:
    """Patients of each class, each patient once: under the rarest class that it has."""
    labels: dict[str, set[str]] = {}
    for item in slides:
        labels.setdefault(item.patient, set()).add(item.label)
    frequency = Counter(label for found in labels.values() for label in found)
    groups: dict[str, list[str]] = {label: [] for label in sorted(frequency)}
    for patient, found in sorted(labels.items()):
        groups[min(found, key=lambda label: (frequency[label], label))].append(patient)
    return {label: patients for label, patients in groups.items() if patients}


def draw_patients(
    groups: dict[str, list[str]], shares: dict[str, int], rng: np.random.Generator
) -> set[str]:
    """Draw ``shares[class]`` patients of each class."""
    drawn: set[str] = set()
    for label, patients in groups.items():
        drawn.update(rng.permutation(patients)[: shares[label]].tolist())
    return drawn


def proportional_shares(
    groups: dict[str, list[str]], fraction: float, *, at_least: int
) -> dict[str, int]:
    """How many patients of each class make up ``fraction`` of all.

    Every class gets one or more and keeps one or more; the remainders go where they are largest.

    Raises:
        CohortError: if a class has one patient only, or ``at_least`` patients cannot be spared.
    """
    single = [label for label, patients in groups.items() if len(patients) < 2]
    if single:
        raise CohortError(
            f"class {', '.join(map(repr, single))} has 1 patient left for training and validation",
            "every class has a patient to train on and one to validate on",
            "fewer folds, more patients, or --shots, which needs no validation",
        )
    sizes = {label: len(patients) for label, patients in groups.items()}
    wanted = max(at_least, round(fraction * sum(sizes.values())))
    shares = {label: min(max(1, int(fraction * n)), n - 1) for label, n in sizes.items()}
    while sum(shares.values()) < wanted:
        open_labels = [label for label, n in sizes.items() if shares[label] < n - 1]
        if not open_labels:
            raise CohortError(
                f"{sum(sizes.values())} patients are left for training and validation",
                f"validation needs {wanted} of them, and every class one to train on",
                "fewer folds or more patients",
            )
        best = max(open_labels, key=lambda label: fraction * sizes[label] - shares[label])
        shares[best] += 1
    return shares
