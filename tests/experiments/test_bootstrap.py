"""Patient bootstrap: coverage on simulated data, pairing, redrawing, speed."""

import time

import numpy as np
import pytest
from scipy.stats import norm

from monai_ext.errors import SettingError
from monai_ext.experiments.bootstrap import bootstrap_difference, bootstrap_interval


def _two_columns(scores):
    return np.stack([1 - scores, scores], axis=1)


def _clustered(draw, *, patients=60, slides=3, shift=1.2, shared=0.8):
    """Slide scores that mostly belong to the patient; AUC of different patients' slides known."""
    label = np.repeat(np.arange(patients) % 2, slides)
    noise = np.sqrt(shared) * np.repeat(draw.normal(size=patients), slides)
    noise = noise + np.sqrt(1 - shared) * draw.normal(size=patients * slides)
    names = np.repeat([f"p{i}" for i in range(patients)], slides)
    return label, _two_columns(shift * label + noise), names, norm.cdf(shift / np.sqrt(2))


def _coverage(*, by_patient, runs=250):
    draw, covered = np.random.default_rng(1), 0
    for run in range(runs):
        label, p, names, truth = _clustered(draw)
        groups = names if by_patient else [str(i) for i in range(len(label))]
        interval = bootstrap_interval(label, p, groups, seed=run, resamples=400)
        covered += interval.low <= truth <= interval.high
    return covered / runs


def test_patient_interval_covers_the_truth_at_its_nominal_rate():
    assert 0.95 - 3 * 0.0138 <= _coverage(by_patient=True) <= 0.95 + 3 * 0.0138


def test_slide_interval_of_clustered_slides_covers_too_rarely():
    assert _coverage(by_patient=False) < 0.85


def test_interval_agrees_with_the_standard_error_of_accuracy():
    draw = np.random.default_rng(0)
    label, right = np.arange(400) % 2, draw.random(400) < 0.8
    p = _two_columns(np.where(right, label, 1 - label).astype(float))
    names = [str(i) for i in range(400)]
    interval = bootstrap_interval(label, p, names, metric="accuracy", seed=0)
    reach = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 400)
    np.testing.assert_allclose(interval.high - interval.low, 2 * reach, rtol=0.1)
    np.testing.assert_allclose(interval.estimate, right.mean())


def test_paired_difference_is_sharper_than_the_two_intervals():
    draw = np.random.default_rng(3)
    label, p, names, _ = _clustered(draw, slides=1, patients=120)
    other = _two_columns(p[:, 1] + 0.2 * draw.normal(size=120))
    paired = bootstrap_difference(label, p, other, names, seed=0)
    one = bootstrap_interval(label, p, names, seed=0)
    assert paired.high - paired.low < 0.6 * (one.high - one.low)
    alone = bootstrap_interval(label, other, names, seed=0).estimate
    np.testing.assert_allclose(paired.estimate, one.estimate - alone)


def test_method_against_itself_differs_by_nothing():
    label, p, names, _ = _clustered(np.random.default_rng(0))
    zero = bootstrap_difference(label, p, p, names, seed=0, resamples=50)
    assert (zero.estimate, zero.low, zero.high) == (0.0, 0.0, 0.0)


def test_seed_decides_the_interval_and_row_order_does_not():
    label, p, names, _ = _clustered(np.random.default_rng(0))
    first = bootstrap_interval(label, p, names, seed=5, resamples=100)
    order = np.random.default_rng(9).permutation(len(label))
    again = bootstrap_interval(label[order], p[order], names[order], seed=5, resamples=100)
    np.testing.assert_allclose([first.low, first.high], [again.low, again.high], rtol=1e-12)
    assert bootstrap_interval(label, p, names, seed=6, resamples=100) != first


def test_resamples_without_both_classes_are_redrawn_and_counted():
    label, scores = np.array([1, 0, 0, 0]), np.array([0.9, 0.1, 0.2, 0.95])
    names = ["a", "b", "c", "d"]
    interval = bootstrap_interval(label, _two_columns(scores), names, seed=0, resamples=3000)
    share = interval.redrawn / (interval.redrawn + interval.resamples)
    lacking = 0.75**4 + 0.25**4
    assert abs(share - lacking) < 4 * np.sqrt(lacking * (1 - lacking) / 4400)
    assert interval.resamples == 3000
    few = bootstrap_interval(label, _two_columns(scores), names, seed=0, resamples=100)
    assert 20 < few.redrawn < 90


def test_undefined_estimate_has_no_interval():
    interval = bootstrap_interval([1, 1], _two_columns(np.array([0.1, 0.2])), ["a", "b"], seed=0)
    assert np.isnan([interval.estimate, interval.low, interval.high]).all()
    assert interval.resamples == 0


def test_metric_may_be_a_function():
    def mean_score(labels, probabilities, weights):
        return weights @ probabilities[:, 1] / weights.sum(axis=1)

    p = _two_columns(np.linspace(0, 1, 11))
    names = [str(i) for i in range(11)]
    interval = bootstrap_interval(np.arange(11) % 2, p, names, metric=mean_score, seed=0)
    np.testing.assert_allclose(interval.estimate, 0.5)
    assert interval.low < 0.5 < interval.high


def test_150_slides_take_under_five_seconds():
    label, p, names, _ = _clustered(np.random.default_rng(0), patients=150, slides=1)
    start = time.process_time()
    for metric in ("auc", "balanced_accuracy", "f1", "accuracy"):
        bootstrap_interval(label, p, names, metric=metric, seed=0, resamples=2000)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patients": ["a"]}, "1 patients for 4 rows"),
        ({"metric": "roc"}, "metric='roc'.*auc, balanced_accuracy"),
        ({"confidence": 95.0}, "confidence=95.0"),
        ({"resamples": 0}, "resamples=0"),
        ({"patients": ["a", "a", "b", "b"], "metric": "rare"}, "lack a class"),
    ],
)
def test_bad_settings_are_refused(change, message):
    def mostly_undefined(labels, probabilities, weights):
        keep = (weights == 1).all(axis=1) & (np.arange(len(weights)) < 1)
        return np.where(keep, 0.5, np.nan)

    settings = {"patients": ["a", "b", "c", "d"], "seed": 0} | change
    if settings.get("metric") == "rare":
        settings["metric"] = mostly_undefined
    p = _two_columns(np.array([0.1, 0.4, 0.6, 0.9]))
    with pytest.raises(SettingError, match=message):
        bootstrap_interval([0, 0, 1, 1], p, **settings)
