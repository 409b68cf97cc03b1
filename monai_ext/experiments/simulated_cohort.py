"""Cohorts whose truth is known: two feature blocks, two methods, the same patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_ext.data import Cohort, CohortSlide
from monai_ext.experiments.metrics import Array

CLASS_NAMES = ("negative", "positive")


@dataclass(frozen=True)
class CohortRecipe:
    r"""How a cohort is drawn: patients alternate between two classes, each with the same slides.

    Block b of slide s of patient i has the features

    .. math::
        x_{bis} = (\delta_b \, (2 y_i - 1) + z_i) \, u + a_{bi} + e_{bis}

    with :math:`u` a fixed unit vector, :math:`z_i \sim N(0, \sigma^2)` how hard the patient is
    for both methods, and :math:`a, e \sim N(0, I)` of patient and slide. With equal
    :math:`\delta` the two blocks have the same distribution: no method is better.

    Attributes:
        patients: N.
        slides: of each patient.
        effects: the two deltas.
        width: features a block.
        shared: sigma.
    """

    patients: int
    slides: int
    effects: tuple[float, float]
    width: int = 10
    shared: float = 0.5


@dataclass(frozen=True)
class SimulatedCohort:
    """One drawn cohort.

    Attributes:
        cohort: slides ``p<i>_<s>`` of patients ``p<i>``.
        blocks: [2, S, width], features of the S slides in the cohort's order.
        labels: [S].
    """

    cohort: Cohort
    blocks: Array
    labels: NDArray[np.int64]


def simulate_cohort(recipe: CohortRecipe, rng: np.random.Generator) -> SimulatedCohort:
    """Draw one cohort."""
    patient = np.repeat(np.arange(recipe.patients), recipe.slides)
    direction = np.full(recipe.width, recipe.width**-0.5)
    sign = 2.0 * (np.arange(recipe.patients) % 2) - 1.0
    hard = recipe.shared * rng.normal(size=recipe.patients)
    blocks = []
    for effect in recipe.effects:
        of_patient = (effect * sign + hard)[:, None] * direction
        of_patient = of_patient + rng.normal(size=of_patient.shape)
        blocks.append(of_patient[patient] + rng.normal(size=(len(patient), recipe.width)))
    names = [f"p{i:03}" for i in range(recipe.patients)]
    slides = tuple(
        CohortSlide(f"{names[i]}_{k % recipe.slides}", names[i], CLASS_NAMES[i % 2])
        for k, i in enumerate(patient)
    )
    return SimulatedCohort(Cohort(slides, CLASS_NAMES), np.stack(blocks), patient % 2)


def ridge_scores(train: Array, labels: NDArray[np.int64], test: Array, ridge: float) -> Array:
    """Ridge regression on labels -1 and 1, features standardised on the training slides.

    Fast in its dual form for few slides; for two classes it is a regularised linear discriminant.

    Args:
        train: [n, P].
        labels: [n], 0 or 1.
        test: [T, P].
        ridge: above 0.

    Returns:
        [T], higher for class 1.
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0) + 1e-9
    a, b = (train - mean) / deviation, (test - mean) / deviation
    weights = np.linalg.solve(a @ a.T + ridge * np.eye(len(a)), 2.0 * labels - 1.0)
    return b @ (a.T @ weights)
