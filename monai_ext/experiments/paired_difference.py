"""The difference of two methods over the same splits: what ``compare`` reports of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_ext.errors import SettingError
from monai_ext.experiments.corrected_t import FEWEST_DRAWS, CorrectedT, corrected_resampled_t
from monai_ext.experiments.metrics import Array
from monai_ext.experiments.patient_jackknife import JackknifeT, patient_jackknife


@dataclass(frozen=True)
class Design:
    """Which patients are in which part of the J splits.

    Attributes:
        trained: [J, N] bool, in the training or validation part.
        tested: [J, N] bool, in the test part.
    """

    trained: NDArray[np.bool_]
    tested: NDArray[np.bool_]

    @property
    def test_share(self) -> float:
        """Mean share of the N patients that a split tests."""
        return float(self.tested.mean())

    @property
    def is_folds(self) -> bool:
        """Whether no patient is tested twice: folds of one cross-validation, not draws."""
        return int(self.tested.sum(axis=0).max()) <= 1

    def corrected_t(self, differences: Array, *, confidence: float = 0.95) -> CorrectedT:
        """Corrected resampled t with the patients' test share, not with the few trained on.

        The correction stands for the correlation of two splits, about the share of patients that
        they have in common in test; of few-shot draws the patients set aside count, though only
        few of their slides are learnt from.
        """
        num_patients = self.tested.shape[1]
        n_test = self.test_share * num_patients
        if num_patients - n_test < 1:
            raise SettingError(
                "every split tests every patient",
                "a split trains on some patients and tests others",
                "make the splits with: python -m monai_ext split",
            )
        return corrected_resampled_t(
            differences, num_patients - n_test, n_test, confidence=confidence
        )


@dataclass(frozen=True)
class PairedDifference:
    """One method minus another over the same splits.

    Attributes:
        mean: over the splits.
        corrected: corrected resampled t; None below ``FEWEST_DRAWS`` splits.
        jackknife: patient jackknife, of draws only; None where it cannot be had.
    """

    mean: float
    corrected: CorrectedT | None
    jackknife: JackknifeT | None

    @property
    def verdict(self) -> CorrectedT | JackknifeT | None:
        """What is read first: the jackknife where there is one, else the corrected t."""
        return self.jackknife or self.corrected

    @property
    def procedure(self) -> str:
        """Name of the verdict's procedure; empty without one."""
        if self.jackknife is not None:
            return "patient jackknife"
        return "" if self.corrected is None else "corrected resampled t"


def paired_difference(
    ours: Array, other: Array, design: Design, *, confidence: float = 0.95
) -> PairedDifference:
    """Compare two methods split by split.

    Args:
        ours: [J, 1 + N] scores with everyone and without each patient, see ``weighted_scores``
            and ``leave_one_out_weights``.
        other: of the other method, likewise.
        design: of the J splits.
        confidence: nominal coverage.

    Raises:
        SettingError: where a split has no defined score.
    """
    gaps = ours - other
    if len(gaps) < FEWEST_DRAWS:
        return PairedDifference(float(gaps[:, 0].mean()), None, None)
    corrected = design.corrected_t(gaps[:, 0], confidence=confidence)
    jackknife = None
    if not design.is_folds:
        jackknife = patient_jackknife(gaps, design.trained, confidence=confidence)
    return PairedDifference(corrected.mean, corrected, jackknife)
