"""Which procedure speaks for folds and for draws, and with what share of patients."""

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.corrected_t import corrected_resampled_t
from monai_ext.experiments.paired_difference import Design, paired_difference
from monai_ext.experiments.patient_jackknife import patient_jackknife


def _draws(number=6, patients=12, aside=4, used=2, seed=0):
    rng = np.random.default_rng(seed)
    trained, tested = (np.zeros((number, patients), bool) for _ in range(2))
    for j in range(number):
        order = rng.permutation(patients)
        trained[j, order[:used]] = True
        tested[j, order[aside:]] = True
    scores = [rng.uniform(0.5, 1, size=(number, patients + 1)) for _ in range(2)]
    return *scores, Design(trained, tested)


def test_draws_have_both_and_the_jackknife_speaks():
    ours, other, design = _draws()
    found = paired_difference(ours, other, design)
    assert found.jackknife == patient_jackknife(ours - other, design.trained)
    assert found.verdict == found.jackknife
    assert found.procedure == "patient jackknife"
    np.testing.assert_allclose(found.mean, (ours - other)[:, 0].mean())


def test_corrected_t_counts_the_patients_set_aside_not_the_few_trained_on():
    ours, other, design = _draws()
    found = paired_difference(ours, other, design)
    assert found.corrected == corrected_resampled_t((ours - other)[:, 0], 4, 8)


def test_folds_have_the_corrected_t_alone():
    tested = np.eye(5, dtype=bool).repeat(2, axis=1)
    scores = np.random.default_rng(0).random((2, 5, 1))
    found = paired_difference(*scores, Design(~tested, tested))
    assert found.jackknife is None
    assert found.verdict == corrected_resampled_t((scores[0] - scores[1])[:, 0], 8, 2)
    assert found.procedure == "corrected resampled t"


def test_four_splits_give_a_mean_only():
    ours, other, design = _draws(number=4)
    found = paired_difference(ours, other, design)
    assert (found.corrected, found.jackknife, found.verdict, found.procedure) == (None,) * 3 + ("",)
    np.testing.assert_allclose(found.mean, (ours - other)[:, 0].mean())


def test_a_patient_always_trained_on_leaves_the_corrected_t():
    ours, other, design = _draws()
    design.trained[:, 0] = True
    found = paired_difference(ours, other, design)
    assert found.jackknife is None
    assert found.procedure == "corrected resampled t"


def test_splits_that_test_everyone_are_refused():
    ours, other, design = _draws()
    with pytest.raises(SettingError, match="every split tests every patient"):
        paired_difference(ours, other, Design(design.trained, np.ones_like(design.tested)))
