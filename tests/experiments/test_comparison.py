"""Rows of a comparison against their parts computed one by one."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from monai_ext.data import few_shot_splits
from monai_ext.experiments.bootstrap import bootstrap_interval
from monai_ext.experiments.comparison import METRICS, Resampling, compare_methods, single_rows
from monai_ext.experiments.corrected_t import corrected_resampled_t
from monai_ext.experiments.holm import holm
from monai_ext.experiments.nested_bootstrap import nested_bootstrap_interval
from monai_ext.experiments.patient_jackknife import patient_jackknife, share_interval
from monai_ext.experiments.patient_scores import cases_of, leave_one_out_weights, weighted_scores
from monai_ext.outputs import prediction_table
from tests.experiments.experiment_files import (
    CLASSES,
    draws,
    folds,
    made_up,
    split_parts_of,
    toy_cohort,
)

EFFECTS = {"a": 0.5, "b": 1.0, "c": 2.0}
QUICK = Resampling(seed=0, resamples=200)


def _methods(cohort, splits):
    parts = {split.name: split_parts_of(cohort, split) for split in splits}
    methods = {
        name: {
            split.name: prediction_table(made_up(cohort, split.test, effect, [m, k]), CLASSES)
            for k, split in enumerate(splits)
        }
        for m, (name, effect) in enumerate(EFFECTS.items())
    }
    return methods, parts


@pytest.fixture(scope="module")
def of_draws():
    cohort = toy_cohort(20)
    methods, parts = _methods(cohort, draws(cohort, shots=(1, 2), number=6, train_patients=8))
    return methods, parts, compare_methods(methods, parts, reference="b", resampling=QUICK)


@pytest.fixture(scope="module")
def of_folds():
    cohort = toy_cohort(30)
    methods, parts = _methods(cohort, folds(cohort))
    return methods, parts, compare_methods(methods, parts, reference="a", resampling=QUICK)


def _row(rows, method, metric="auc", shots=None):
    (found,) = [r for r in rows if (r.method, r.metric, r.shots) == (method, metric, shots)]
    return found


def test_scores_are_scikit_learns(of_draws):
    methods, parts, rows = of_draws
    names = [name for name, part in parts.items() if part.shots == 2]
    scored = {"auc": [], "balanced_accuracy": [], "f1": []}
    for name in names:
        table = methods["c"][name]
        y, p = table.labels(), table.probabilities()
        scored["auc"].append(roc_auc_score(y, p[:, 1]))
        scored["balanced_accuracy"].append(balanced_accuracy_score(y, p.argmax(1)))
        scored["f1"].append(f1_score(y, p.argmax(1)))
    for metric in METRICS:
        row = _row(rows, "c", metric, 2)
        np.testing.assert_allclose(row.scores, scored[metric])
        np.testing.assert_allclose(
            [row.mean, row.sd], [np.mean(scored[metric]), np.std(scored[metric], ddof=1)]
        )


def test_every_method_shots_and_metric_has_a_row_and_the_reference_no_difference(of_draws):
    rows = of_draws[2]
    assert len(rows) == 3 * 2 * 3
    assert [r.method for r in rows if r.difference is None] == ["b"] * 6
    assert len({(r.method, r.metric, r.shots) for r in rows}) == 18


def test_difference_is_paired_over_splits(of_draws):
    rows = of_draws[2]
    gaps = np.subtract(_row(rows, "c", shots=1).scores, _row(rows, "b", shots=1).scores)
    found = _row(rows, "c", shots=1).difference
    assert found.corrected == corrected_resampled_t(gaps, 8, 12)
    np.testing.assert_allclose(found.jackknife.mean, gaps.mean())


def test_holm_is_over_methods_and_shots_of_a_metric(of_draws):
    rows = of_draws[2]
    for metric in METRICS:
        tested = [r for r in rows if r.metric == metric and r.difference]
        assert len(tested) == 4
        assert [r.p_holm for r in tested] == holm([r.difference.verdict.p for r in tested])
        assert [r.corrected_p_holm for r in tested] == holm(
            [r.difference.corrected.p for r in tested]
        )


def test_intervals_of_draws(of_draws):
    methods, parts, rows = of_draws
    row = _row(rows, "a", shots=1)
    tables = [t for name, t in methods["a"].items() if parts[name].shots == 1]
    patients = sorted({p for part in parts.values() for p in (*part.training, *part.test)})
    cases = [cases_of(t, patients) for t in tables]
    assert row.bootstrap == nested_bootstrap_interval(cases, 20, seed=0, resamples=200)
    assert row.interval == share_interval(row.jackknife)
    assert row.estimate == row.mean


def test_intervals_of_folds_are_of_the_pooled_predictions(of_folds):
    methods, _, rows = of_folds
    table = [r for t in methods["c"].values() for r in t.rows]
    labels = [CLASSES.index(r.label) for r in table]
    expected = bootstrap_interval(
        labels,
        [r.probabilities for r in table],
        [r.patient for r in table],
        seed=0,
        resamples=200,
    )
    row = _row(rows, "c")
    np.testing.assert_allclose(row.interval, [expected.low, expected.high])
    np.testing.assert_allclose(row.estimate, expected.estimate)
    assert row.jackknife is None
    gaps = np.subtract(row.scores, _row(rows, "a").scores)
    assert row.difference.verdict == corrected_resampled_t(gaps, 24, 6)


def test_a_method_alone_has_rows_without_a_difference(of_folds):
    methods, parts, rows = of_folds
    alone = single_rows("a", methods["a"], parts, QUICK)
    assert [r for r in rows if r.method == "a"] == alone


def test_validation_patients_count_as_trained_on():
    """They chose the checkpoint: leaving them out of the draws they validate moves the interval."""
    cohort = toy_cohort(20)
    splits = few_shot_splits(
        cohort, shots=[2], draws=6, train_patients=6, seed=0, validation_patients=4
    )
    methods, parts = _methods(cohort, splits)
    row = _row(compare_methods(methods, parts, reference="a", resampling=QUICK), "c", shots=2)
    patients = sorted(cohort.patients)
    trained = np.array(
        [[p in {*s.training, *s.validation} for p in patients] for s in parts.values()]
    )
    scores = weighted_scores(
        [cases_of(table, patients) for table in methods["c"].values()],
        leave_one_out_weights(20),
        "auc",
    )
    assert row.jackknife == patient_jackknife(scores, trained)
