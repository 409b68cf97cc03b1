"""Two methods that differ by chance only: random halves of the feature channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monai_ext.data import Cohort, CohortSlide
from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.experiments.metrics import Array


class ChannelHalves:
    """Mean pooling and logistic regression on one or the other half of the channels.

    The halves are disjoint and drawn at random, so neither is better in expectation over the
    draw of the halves; on one cohort one of them always is, a little.

    Args:
        features: [S, D], a slide's mean feature.
        labels: [S], 0 or 1.
        c: inverse ridge of the regression, as of ``mean_pool_logistic``.
        rng: draws the halves.
    """

    def __init__(
        self, features: Array, labels: NDArray[np.int64], c: float, rng: np.random.Generator
    ) -> None:
        order = rng.permutation(features.shape[1])
        middle = len(order) // 2
        self.halves = (features[:, order[:middle]], features[:, order[middle : 2 * middle]])
        self.labels, self.c = labels, c

    def __call__(self, method: int, train: NDArray[np.int64], test: NDArray[np.int64]) -> Array:
        """Logits [T] of the test slides, learnt from the training slides with half ``method``."""
        from sklearn.linear_model import LogisticRegression

        known = self.halves[method][train]
        mean, deviation = known.mean(axis=0), known.std(axis=0)
        deviation[deviation == 0] = 1.0
        model = LogisticRegression(C=self.c, max_iter=5000)
        model.fit((known - mean) / deviation, self.labels[train])
        return model.decision_function((self.halves[method][test] - mean) / deviation)


def bank_cohort(bank: MosaicBank, class_names: tuple[str, str]) -> tuple[Cohort, Array]:
    """The images of a bank as slides, and the mean feature of each, [S, D]."""
    slides = tuple(
        CohortSlide(name, patient, class_names[label])
        for name, patient, label in zip(bank.names, bank.patients, bank.labels, strict=True)
    )
    return Cohort(slides, class_names), bank.features[0].mean(axis=1, dtype=np.float64)
