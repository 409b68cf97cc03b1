"""Patient-grouped, stratified folds of a cohort."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from monai_ext.data.cohort import Cohort, CohortSlide
from monai_ext.data.patient_draw import draw_patients, patients_by_class, proportional_shares
from monai_ext.data.split_parts import Split, require_sound
from monai_ext.errors import CohortError

VALIDATION_FRACTION = 0.15
MIN_VALIDATION_PATIENTS = 2


def fold_splits(
    cohort: Cohort,
    *,
    folds: int,
    seed: int,
    validation_fraction: float = VALIDATION_FRACTION,
) -> list[Split]:
    """Folds for cross-validation: every slide is tested exactly once over all folds.

    Test is fold k. Validation is 15 % of the other folds' patients, at least two and of every
    class; training is the rest. No patient is ever in two parts.

    Args:
        cohort: the labelled slides.
        folds: K, at least 2.
        seed: of the shuffling; the same seed gives the same folds on every machine.
        validation_fraction: of the patients outside the test fold.

    Raises:
        CohortError: if a class has fewer patients than folds, or a part would hold one class.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    _require_enough_patients(cohort, folds)
    patients = np.array([item.patient for item in cohort.slides])
    labels = np.array([cohort.label_index(item) for item in cohort.slides])
    folder = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    tests = [test for _, test in folder.split(np.zeros(len(labels)), labels, patients)]
    return [
        held_out_split(
            cohort,
            {cohort.slides[i].slide for i in test},
            name=f"fold{fold}",
            rng=np.random.default_rng([seed, fold]),
            settings={"fold": fold, "folds": folds, "seed": seed},
            validation_fraction=validation_fraction,
        )
        for fold, test in enumerate(tests)
    ]


def held_out_split(
    cohort: Cohort,
    test: set[str],
    *,
    name: str,
    rng: np.random.Generator,
    settings: dict[str, object],
    validation_fraction: float = VALIDATION_FRACTION,
) -> Split:
    """The split with this test part; validation is drawn from the other patients.

    Raises:
        CohortError: if validation cannot be drawn, or the split is not sound.
    """
    rest = [item for item in cohort.slides if item.slide not in test]
    groups = patients_by_class(rest)
    try:
        shares = proportional_shares(groups, validation_fraction, at_least=MIN_VALIDATION_PATIENTS)
    except CohortError as error:
        raise CohortError(f"{name}: {error.found}", error.rule, error.repair) from error
    chosen = draw_patients(groups, shares, rng)
    split = Split(
        name,
        training=_names(item for item in rest if item.patient not in chosen),
        validation=_names(item for item in rest if item.patient in chosen),
        test=_names(item for item in cohort.slides if item.slide in test),
        settings={**settings, "validation_fraction": validation_fraction},
    )
    return require_sound(split, cohort)


def _names(slides: Iterable[CohortSlide]) -> tuple[str, ...]:
    return tuple(item.slide for item in slides)


def _require_enough_patients(cohort: Cohort, folds: int) -> None:
    if folds < 2:
        raise CohortError(
            f"folds={folds}", "cross-validation has 2 folds or more", "give --folds 5"
        )
    counts: dict[str, set[str]] = {name: set() for name in cohort.class_names}
    for item in cohort.slides:
        counts[item.label].add(item.patient)
    few = [f"{name!r} has {len(found)}" for name, found in counts.items() if len(found) < folds]
    if len(cohort.class_names) < 2 or few:
        found = f"class {', '.join(few)} patients" if few else f"one class, {cohort.class_names}"
        raise CohortError(
            f"{cohort.source}: {found}",
            f"{folds} folds need two classes, and {folds} patients or more of each",
            "fewer --folds, or --shots for few patients",
        )
