"""Metrics against scikit-learn, and where they are undefined."""

import numpy as np
import pytest
from sklearn import metrics as sk

from monai_ext.errors import SettingError
from monai_ext.experiments.metrics import CLASSIFICATION_METRICS, classification_metrics


def _cases(n_classes, *, n=60, seed=0):
    draw = np.random.default_rng(seed)
    labels = draw.permutation(np.arange(n) % n_classes)
    raw = draw.random((n, n_classes)) + 0.6 * np.eye(n_classes)[labels]
    raw = np.round(raw, 1) + 0.1  # equal scores occur
    return labels, raw / raw.sum(axis=1, keepdims=True), draw


def _sklearn(name, labels, p, weights):
    chosen, kwargs = p.argmax(axis=1), {"sample_weight": weights}
    binary = p.shape[1] == 2
    if name == "auc":
        one_class = [sk.roc_auc_score(labels == c, p[:, c], **kwargs) for c in range(p.shape[1])]
        return one_class[1] if binary else np.mean(one_class)
    if name == "balanced_accuracy":
        return sk.balanced_accuracy_score(labels, chosen, **kwargs)
    if name == "f1":
        return sk.f1_score(labels, chosen, average="binary" if binary else "macro", **kwargs)
    return sk.accuracy_score(labels, chosen, **kwargs)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("name", list(CLASSIFICATION_METRICS))
def test_metric_agrees_with_sklearn(name, n_classes):
    labels, p, draw = _cases(n_classes)
    weights = draw.integers(0, 4, (5, len(labels))).astype(float)
    ours = CLASSIFICATION_METRICS[name](labels, p, weights)
    expected = [_sklearn(name, labels, p, row) for row in weights]
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_weights_mean_repeated_cases():
    labels, p, draw = _cases(3)
    counts = draw.integers(1, 3, len(labels))
    repeated = classification_metrics(np.repeat(labels, counts), np.repeat(p, counts, axis=0))
    for name, metric in CLASSIFICATION_METRICS.items():
        weighted = metric(labels, p, counts[None].astype(float))[0]
        np.testing.assert_allclose(weighted, repeated[name], rtol=1e-12, err_msg=name)


def test_single_class_has_no_auc_and_no_balanced_accuracy():
    result = classification_metrics([1, 1], [[0.2, 0.8], [0.6, 0.4]])
    assert np.isnan(result["auc"])
    assert np.isnan(result["balanced_accuracy"])
    assert result["accuracy"] == 0.5


def test_missing_third_class_makes_macro_auc_undefined():
    p = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]
    assert np.isnan(classification_metrics([0, 1], p)["auc"])


def test_f1_is_zero_when_the_class_is_missed_and_nan_when_it_never_occurs():
    p = [[0.9, 0.1], [0.8, 0.2]]
    assert classification_metrics([0, 1], p)["f1"] == 0.0
    assert np.isnan(classification_metrics([0, 0], p)["f1"])


def test_macro_f1_leaves_out_a_class_that_never_occurs():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1]])
    labels = np.array([0, 1, 1])
    expected = sk.f1_score(
        labels, p.argmax(1), average="macro", labels=[0, 1, 2], zero_division=np.nan
    )
    np.testing.assert_allclose(classification_metrics(labels, p)["f1"], expected)


def test_equal_scores_count_half():
    assert classification_metrics([0, 1], [[0.5, 0.5], [0.5, 0.5]])["auc"] == 0.5


@pytest.mark.parametrize(
    ("labels", "p", "message"),
    [
        ([0], [[0.5, 0.5], [0.5, 0.5]], r"labels of shape \(1,\).*\(2, 2\)"),
        ([0], [[1.0]], "C >= 2"),
        ([], np.zeros((0, 2)), "N >= 1"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], r"labels \[2\].*indices 0 to 1"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.5]], "1 rows hold nan"),
    ],
)
def test_bad_cases_are_refused(labels, p, message):
    with pytest.raises(SettingError, match=message):
        classification_metrics(labels, p)
