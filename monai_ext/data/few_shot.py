"""Few-shot splits: k slides a class to learn from, all other patients to test on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monai_ext.data.cohort import Cohort, CohortSlide
from monai_ext.data.patient_draw import draw_patients, patients_by_class
from monai_ext.data.split_parts import Split, require_sound
from monai_ext.errors import CohortError


def few_shot_splits(
    cohort: Cohort,
    *,
    shots: Sequence[int],
    draws: int,
    train_patients: int,
    seed: int,
    validation_patients: int = 0,
    first_draw: int = 0,
) -> list[Split]:
    """One split a draw and number of shots; as a rule without validation: train for a fixed time.

    In every draw ``train_patients`` patients are set aside, as equal a number of each class as
    possible. The k slides a class come from them; the slides of k shots are among those of more
    shots, and all of a draw share one test part, so that results are paired. Test is every slide
    of every other patient; what is left of the set-aside patients is in no part. With validation
    patients, to tune on, some of the other patients' slides are validation instead of test; what
    is trained on stays the same.

    Args:
        cohort: the labelled slides.
        shots: slides a class, e.g. ``[1, 2, 4]``.
        draws: how often.
        train_patients: patients set aside in each draw.
        seed: draw d of seed s is the same on every machine.
        validation_patients: patients of the validation part in each draw.
        first_draw: number of the first.

    Returns:
        Splits ``shots<k>_draw<dd>``, draw by draw.

    Raises:
        CohortError: if the patients do not suffice for the shots, or nothing is left to test.
    """
    if not shots or min(shots) < 1 or draws < 1:
        raise CohortError(
            f"shots={list(shots)}, draws={draws}", "both are at least 1", "--shots 1,2,4 --draws 20"
        )
    splits = []
    for draw in range(first_draw, first_draw + draws):
        rng = np.random.default_rng([seed, draw])
        aside = _set_aside(cohort, train_patients, rng)
        order = [cohort.slides[i] for i in rng.permutation(len(cohort.slides))]
        pool = [item for item in order if item.patient in aside]
        chosen = _validation(cohort, aside, validation_patients, [seed, draw, 1])
        validation = tuple(item.slide for item in cohort.slides if item.patient in chosen)
        test = tuple(i.slide for i in cohort.slides if i.patient not in aside | chosen)
        for k in sorted(set(shots)):
            settings = {"shots": k, "draw": draw, "train_patients": train_patients, "seed": seed}
            if chosen:
                settings["validation_patients"] = validation_patients
            training = _first_of_each_class(cohort, pool, k)
            split = Split(f"shots{k}_draw{draw:02d}", training, validation, test, settings)
            splits.append(require_sound(split, cohort))
    return splits


def _validation(cohort: Cohort, aside: set[str], number: int, seed: list[int]) -> set[str]:
    if not number:
        return set()
    rest = tuple(item for item in cohort.slides if item.patient not in aside)
    try:
        return _set_aside(replace(cohort, slides=rest), number, np.random.default_rng(seed))
    except CohortError as error:
        found = error.found.replace("train_patients", "validation_patients")
        repair = "give another number of validation patients, or fewer --train_patients"
        raise CohortError(found, error.rule, repair) from error


def _set_aside(cohort: Cohort, number: int, rng: np.random.Generator) -> set[str]:
    _require_slides(cohort)
    groups = patients_by_class(cohort.slides)
    names = list(groups)
    shares = {label: (number + k) // len(names) for k, label in enumerate(reversed(names))}
    few = [label for label in names if len(groups[label]) <= shares[label]]
    if number < len(names) or few or len(names) < 2:
        counts = ", ".join(f"{label!r} {len(groups[label])}" for label in names)
        raise CohortError(
            f"{cohort.source}: patients a class: {counts}; train_patients={number} takes "
            f"{max(shares.values())} of each",
            "every class has a patient set aside and one left to test on",
            "give another --train_patients",
        )
    return draw_patients(groups, shares, rng)


def _require_slides(cohort: Cohort) -> None:
    labels = {item.label for item in cohort.slides}
    empty = [name for name in cohort.class_names if name not in labels]
    if empty:
        raise CohortError(
            f"{cohort.source}: class {', '.join(map(repr, empty))} has no slide",
            "every class has slides with tissue to learn from and to test on",
            "leave the class out of --classes, or add slides of it",
        )


def _first_of_each_class(cohort: Cohort, pool: Sequence[CohortSlide], k: int) -> tuple[str, ...]:
    chosen = []
    for label in cohort.class_names:
        slides = [item.slide for item in pool if item.label == label]
        if len(slides) < k:
            raise CohortError(
                f"the patients set aside have {len(slides)} slides of class {label!r}",
                f"{k} shots need {k} slides of every class",
                "raise --train_patients, or fewer --shots",
            )
        chosen += slides[:k]
    return tuple(chosen)
