"""Metrics of splits under weightings of patients, against scikit-learn on repeated rows."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from monai_ext.errors import SettingError
from monai_ext.experiments.patient_scores import cases_of, leave_one_out_weights, weighted_scores
from monai_ext.outputs import Prediction, PredictionTable, prediction_table
from tests.experiments.experiment_files import made_up, toy_cohort


@pytest.fixture
def table():
    cohort = toy_cohort(8, 3)
    return prediction_table(
        made_up(cohort, [item.slide for item in cohort.slides], 0.5, 0), cohort.class_names
    )


def test_leaving_a_patient_out_leaves_out_all_its_slides(table):
    patients = [f"p{i:02}" for i in range(8)]
    found = weighted_scores([cases_of(table, patients)], leave_one_out_weights(8), "auc")
    assert found.shape == (1, 9)
    for k, patient in enumerate([None, *patients]):
        rows = [row for row in table.rows if row.patient != patient]
        y, p = [row.label == "pos" for row in rows], [row.probabilities[1] for row in rows]
        np.testing.assert_allclose(found[0, k], roc_auc_score(y, p), rtol=1e-12)


def test_weights_repeat_patients(table):
    counts = np.array([[2, 1, 0, 3, 1, 1, 0, 4]])
    found = weighted_scores(
        [cases_of(table, [f"p{i:02}" for i in range(8)])], counts.astype(float), "balanced_accuracy"
    )
    times = np.repeat(counts[0], 3)
    y = np.repeat(table.labels(), times)
    guess = np.repeat(table.probabilities().argmax(axis=1), times)
    np.testing.assert_allclose(found[0, 0], balanced_accuracy_score(y, guess), rtol=1e-12)


def test_many_weightings_are_taken_in_rounds(table):
    weights = np.random.default_rng(0).integers(0, 4, size=(1203, 8)).astype(float)
    cases = [cases_of(table, [f"p{i:02}" for i in range(8)])]
    whole = weighted_scores(cases, weights, "auc")
    np.testing.assert_array_equal(whole[0, 1200:], weighted_scores(cases, weights[1200:], "auc")[0])
    assert whole.shape == (1, 1203)


def test_slide_without_a_patient_is_its_own_and_without_a_label_is_not_scored():
    rows = [
        Prediction(s, "", (1 - p, p), label)
        for s, p, label in (
            ("a", 0.2, "neg"),
            ("b", 0.8, "pos"),
            ("c", 0.9, None),
        )
    ]
    cases = cases_of(prediction_table(rows, ["neg", "pos"]), ["b", "a"])
    assert cases.patient.tolist() == [1, 0]
    assert cases.labels.tolist() == [0, 1]


def test_nan_probabilities_are_refused():
    rows = (Prediction("a", "a", (np.nan, np.nan), "neg"),)
    with pytest.raises(SettingError, match="1 rows hold nan"):
        cases_of(PredictionTable(("neg", "pos"), rows), ["a"])
