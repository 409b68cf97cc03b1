"""Chance: labels permuted over patients, slides of a patient together."""

import numpy as np
from sklearn.metrics import roc_auc_score

from monai_ext.experiments.shuffled_labels import _permuted, chance
from monai_ext.outputs import prediction_table
from tests.experiments.experiment_files import CLASSES, draws, made_up, toy_cohort


def _tables(cohort, splits, effect=1.0):
    return [
        prediction_table(made_up(cohort, split.test, effect, k), CLASSES)
        for k, split in enumerate(splits)
    ]


def test_slides_of_a_patient_stay_together_and_the_number_of_patients_a_class_too():
    cohort = toy_cohort(10, 3)
    (table,) = _tables(cohort, draws(cohort, number=1, train_patients=2))
    labels, _ = _permuted([table], 50, seed=0)
    by_patient = labels.reshape(51, 8, 3)
    assert (by_patient == by_patient[:, :, :1]).all()
    assert (by_patient[:, :, 0].sum(axis=1) == 4).all()
    assert len(np.unique(by_patient[1:, :, 0], axis=0)) > 20


def test_first_row_is_the_truth_and_patients_of_unequal_slides_take_turns():
    cohort = toy_cohort(6, 2)
    rows = made_up(cohort, [item.slide for item in cohort.slides][:-1], 1.0, 0)
    labels, (columns,) = _permuted([prediction_table(rows, CLASSES)], 5, seed=0)
    assert labels[0].tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]
    assert columns.tolist() == list(range(11))


def test_all_splits_share_a_permutation():
    cohort = toy_cohort()
    tables = _tables(cohort, draws(cohort, number=3))
    labels, columns = _permuted(tables, 20, seed=1)
    scores = [
        [
            roc_auc_score(row[c], t.probabilities()[:, 1])
            for t, c in zip(tables, columns, strict=True)
        ]
        for row in labels
    ]
    means = np.mean(scores, axis=1)
    found = chance(tables, ["auc"], permutations=20, seed=1)["auc"]
    np.testing.assert_allclose(found.mean, means[1:].mean())
    np.testing.assert_allclose([found.low, found.high], np.quantile(means[1:], [0.025, 0.975]))
    np.testing.assert_allclose(found.p, (means >= means[0] - 1e-12).sum() / 21)


def test_chance_is_one_half_and_a_good_method_lies_outside():
    cohort = toy_cohort()
    found = chance(_tables(cohort, draws(cohort), 3.0), ["auc"], permutations=400, seed=0)["auc"]
    assert abs(found.mean - 0.5) < 4 * found.sd / 20
    assert found.p == 1 / 401
    assert found.permutations == 400


def test_a_method_that_guesses_is_not_apart_from_chance():
    cohort = toy_cohort()
    found = chance(_tables(cohort, draws(cohort), 0.0), ["auc"], permutations=200, seed=0)["auc"]
    assert found.p > 0.05
