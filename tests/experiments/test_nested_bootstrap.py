"""Draws and patients resampled together: a second computation, and what it is sensitive to."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from monai_ext.errors import SettingError
from monai_ext.experiments.nested_bootstrap import nested_bootstrap_interval
from monai_ext.experiments.patient_scores import cases_of
from monai_ext.outputs import prediction_table
from tests.experiments.experiment_files import draws, made_up, toy_cohort


def _cases(number=4, patients=12, effect=0.8):
    cohort = toy_cohort(patients, 2)
    splits = draws(cohort, number=number, train_patients=4)
    tables = [
        prediction_table(made_up(cohort, split.test, effect, k), cohort.class_names)
        for k, split in enumerate(splits)
    ]
    return [cases_of(table, cohort.patients) for table in tables]


def _by_hand(cases, num_patients, seed, resamples):
    """Rows repeated as often as their patient was drawn, scored by scikit-learn."""
    rng = np.random.default_rng(seed)
    patients = rng.multinomial(num_patients, [1 / num_patients] * num_patients, resamples)
    chosen = rng.multinomial(len(cases), [1 / len(cases)] * len(cases), resamples)
    means = []
    for b in range(resamples):
        scores = []
        for case, times in zip(cases, chosen[b], strict=True):
            repeat = patients[b][case.patient]
            y, p = np.repeat(case.labels, repeat), np.repeat(case.probabilities[:, 1], repeat)
            if times and len(set(y)) == 2:
                scores += [roc_auc_score(y, p)] * int(times)
        if scores:
            means.append(np.mean(scores))
    return np.quantile(means, [0.025, 0.975])


def test_ends_agree_with_repeated_rows():
    cases = _cases()
    found = nested_bootstrap_interval(cases, 12, seed=3, resamples=200)
    np.testing.assert_allclose([found.low, found.high], _by_hand(cases, 12, 3, 200), rtol=1e-9)
    whole = [roc_auc_score(c.labels, c.probabilities[:, 1]) for c in cases]
    np.testing.assert_allclose(found.estimate, np.mean(whole))


def test_many_draws_of_the_same_patients_leave_the_patients_error():
    """One and the same model in 2 or 40 draws: more draws do not make the interval shorter."""
    case = _cases(1)[0]
    two, forty = (nested_bootstrap_interval([case] * n, 12, seed=0, resamples=400) for n in (2, 40))
    assert forty.high - forty.low > 0.9 * (two.high - two.low)
    assert two.high - two.low > 0.05


def test_draws_are_resampled_too():
    """Without test patients' error (a perfect and a useless model) the draws' is left."""
    case = _cases(1, effect=50.0)[0]
    wrong = type(case)(case.labels, case.probabilities[:, ::-1], case.patient)
    found = nested_bootstrap_interval([case, wrong], 12, seed=0, resamples=400)
    assert (found.low, found.estimate, found.high) == (0.0, 0.5, 1.0)


def test_resamples_undefined_in_every_draw_are_counted():
    """One positive patient of 12 is missing from a share 1/e of the resamples."""
    case = _cases(1)[0]
    keep = (case.labels == 0) | (case.patient == case.patient[case.labels == 1][0])
    rare = type(case)(case.labels[keep], case.probabilities[keep], case.patient[keep])
    found = nested_bootstrap_interval([rare], 12, seed=0, resamples=500)
    assert abs(found.redrawn / 500 - (11 / 12) ** 12) < 0.08
    assert found.resamples == 500 - found.redrawn


def test_metric_that_is_never_defined_has_no_interval():
    case = _cases(1)[0]
    one = type(case)(np.zeros_like(case.labels), case.probabilities, case.patient)
    found = nested_bootstrap_interval([one], 12, seed=0)
    assert np.isnan([found.estimate, found.low, found.high]).all()


@pytest.mark.parametrize("change", [{"resamples": 0}, {"confidence": 95.0}])
def test_bad_numbers_are_refused(change):
    with pytest.raises(SettingError, match="1 draws, resamples"):
        nested_bootstrap_interval(_cases(1), 12, seed=0, **change)
