"""Equal methods: what the textbook's tests do, and what ours do."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from monai_ext.data import few_shot_splits, fold_splits
from monai_ext.experiments.aa_campaign import mean_gap, run_pair, split_design
from monai_ext.experiments.bootstrap import bootstrap_interval
from monai_ext.experiments.corrected_t import corrected_resampled_t
from monai_ext.experiments.simulated_cohort import CohortRecipe, ridge_scores, simulate_cohort


def _made(seed, patients=20, effects=(1.0, 1.0)):
    made = simulate_cohort(CohortRecipe(patients, 2, effects), np.random.default_rng(seed))

    def fit(method, train, test):
        block = made.blocks[method]
        return ridge_scores(block[train], made.labels[train], block[test], 10.0)

    return made, fit


def _draws(made, seed=0, number=10):
    return few_shot_splits(made.cohort, shots=[4], draws=number, train_patients=8, seed=seed)


def _by_hand(made, fit, splits):
    place = {item.slide: k for k, item in enumerate(made.cohort.slides)}
    found = []
    for split in splits:
        train, test = (np.array([place[s] for s in part]) for part in (split.training, split.test))
        found.append([roc_auc_score(made.labels[test], fit(m, train, test)) for m in (0, 1)])
    return np.array(found)


def test_pair_has_the_outcomes_of_each_procedure():
    made, fit = _made(0)
    splits = _draws(made)
    found = run_pair(made.cohort, splits, fit, seed=0, resamples=50)
    scores = _by_hand(made, fit, splits)
    gaps = scores[:, 0] - scores[:, 1]
    np.testing.assert_allclose([found.mean, found.gap], [scores[:, 0].mean(), gaps.mean()])
    by_name = {outcome.procedure: outcome for outcome in found.of_gap}
    plain = stats.ttest_1samp(gaps, 0)
    np.testing.assert_allclose(by_name["plain paired t"].p, plain.pvalue)
    np.testing.assert_allclose(
        [by_name["plain paired t"].low, by_name["plain paired t"].high],
        list(plain.confidence_interval(0.95)),
    )
    np.testing.assert_allclose(by_name["Wilcoxon"].p, stats.wilcoxon(gaps.round(12)).pvalue)
    np.testing.assert_allclose(
        by_name["corrected resampled t"].p, corrected_resampled_t(gaps, 8, 12).p
    )
    trained = split_design(made.cohort, splits).trained.sum(axis=1).mean()
    np.testing.assert_allclose(
        by_name["corrected t, patients trained on"].p, corrected_resampled_t(gaps, trained, 12).p
    )
    assert set(by_name) >= {"patient jackknife"}
    assert [o.procedure for o in found.of_mean] == [
        "patient jackknife, logit",
        "bootstrap, draws and patients",
    ]


def test_folds_have_the_pooled_bootstrap_and_no_jackknife():
    made, fit = _made(1)
    splits = fold_splits(made.cohort, folds=5, seed=0)
    found = run_pair(made.cohort, splits, fit, seed=3, resamples=80)
    assert [o.procedure for o in found.of_mean] == ["bootstrap, patients, pooled"]
    assert "patient jackknife" not in {o.procedure for o in found.of_gap}
    place = {item.slide: k for k, item in enumerate(made.cohort.slides)}
    rows = []
    for split in splits:
        train, test = (np.array([place[s] for s in part]) for part in (split.training, split.test))
        scores = fit(0, train, test)
        rows += [
            (made.labels[k], s, made.cohort.slides[k].patient)
            for k, s in zip(test, scores, strict=True)
        ]
    y, s, patients = zip(*rows, strict=True)
    np.testing.assert_allclose(found.mean, roc_auc_score(y, s))
    number = {name: str(k) for k, name in enumerate(made.cohort.patients)}
    expected = bootstrap_interval(
        y,
        np.stack([-np.array(s), s], 1),
        [number[p] for p in patients],
        seed=3,
        resamples=80,
    )
    np.testing.assert_allclose(
        [found.of_mean[0].low, found.of_mean[0].high], [expected.low, expected.high]
    )


def test_design_says_who_is_where():
    made, _ = _made(0)
    splits = _draws(made)
    design = split_design(made.cohort, splits)
    assert (design.tested.sum(axis=1) == 12).all()
    assert not (design.trained & design.tested).any()
    names = np.array(made.cohort.patients)
    for split, trained in zip(splits, design.trained, strict=True):
        assert set(names[trained]) == {slide.split("_")[0] for slide in split.training}


def test_mean_gap_is_that_of_the_pair():
    for splits in (_draws, lambda made: fold_splits(made.cohort, folds=4, seed=0)):
        made, fit = _made(2)
        pair = run_pair(made.cohort, splits(made), fit, seed=0)
        np.testing.assert_allclose(mean_gap(made.cohort, splits(made), fit), [pair.mean, pair.gap])


def test_method_against_itself_is_no_difference():
    made, fit = _made(0)
    pair = run_pair(made.cohort, _draws(made), lambda _, *parts: fit(0, *parts), seed=0)
    assert pair.gap == 0
    assert all(outcome.p == 1 for outcome in pair.of_gap)
    ends = [(o.low, o.high) for o in pair.of_gap if o.procedure != "Wilcoxon"]
    assert ends == [(0.0, 0.0)] * 4


@pytest.mark.slow
def test_textbook_tests_reject_equal_methods_far_too_often_and_ours_do_not():
    found: dict[str, list[bool]] = {}
    for seed in range(60):
        made, fit = _made(seed)
        for outcome in run_pair(made.cohort, _draws(made, seed), fit, seed=0).of_gap:
            found.setdefault(outcome.procedure, []).append(outcome.p < 0.05)
    rates = {name: np.mean(rejected) for name, rejected in found.items()}
    assert rates["plain paired t"] > 0.2
    assert rates["Wilcoxon"] > 0.2
    most = 0.05 + 2 * np.sqrt(0.05 * 0.95 / 60)
    assert rates["patient jackknife"] <= most
    assert rates["corrected resampled t"] <= most
