"""Corrected resampled t: the formula, and its false positives beside the plain t's."""

import numpy as np
import pytest
from scipy import stats

from monai_ext.errors import SettingError
from monai_ext.experiments.corrected_t import corrected_resampled_t


def test_result_follows_the_formula():
    d = np.array([0.02, 0.05, -0.01, 0.04, 0.03])
    result = corrected_resampled_t(d, n_train=80, n_test=20)
    variance = ((d - d.mean()) ** 2).sum() / 4
    t = d.mean() / np.sqrt((1 / 5 + 20 / 80) * variance)
    np.testing.assert_allclose(result.t, t, rtol=1e-12)
    np.testing.assert_allclose(result.p, 2 * (1 - stats.t.cdf(t, 4)), rtol=1e-9)


def test_vanishing_test_share_gives_the_plain_t_test_and_interval():
    d = np.random.default_rng(0).normal(0.02, 0.05, 12)
    result = corrected_resampled_t(d, n_train=1e15, n_test=1)
    plain = stats.ttest_1samp(d, 0)
    np.testing.assert_allclose([result.t, result.p], [plain.statistic, plain.pvalue], rtol=1e-9)
    np.testing.assert_allclose(
        [result.low, result.high], list(plain.confidence_interval(0.95)), rtol=1e-9
    )


def test_interval_excludes_zero_exactly_when_p_is_below_five_percent():
    for shift in (0.0, 0.03, 0.05, 0.08, 0.2):
        d = shift + np.array([-0.03, 0.01, 0.02, 0.0, -0.01, 0.04])
        result = corrected_resampled_t(d, n_train=9, n_test=3)
        assert (result.low > 0) == (result.p < 0.05)


def _differences(draw, *, cases=60, draws=15, n_test=12):
    """Accuracy of nearest-mean on feature A minus on feature B, equally good by construction."""
    label = np.arange(cases) % 2
    features = draw.normal(size=(cases, 2)) + 0.8 * label[:, None]
    out = np.empty(draws)
    for j in range(draws):
        order = draw.permutation(cases)
        test, train = order[:n_test], order[n_test:]
        low, high = (features[train][label[train] == c].mean(axis=0) for c in (0, 1))
        guess = np.abs(features[test] - high) < np.abs(features[test] - low)
        right = (guess == label[test][:, None]).mean(axis=0)
        out[j] = right[0] - right[1]
    return out


def test_plain_t_finds_differences_of_equal_methods_far_too_often_and_this_does_not():
    draw = np.random.default_rng(0)
    runs = [_differences(draw) for _ in range(400)]
    plain = np.mean([stats.ttest_1samp(d, 0).pvalue < 0.05 for d in runs])
    ours = np.mean([corrected_resampled_t(d, 48, 12).p < 0.05 for d in runs])
    assert plain > 0.15
    assert ours < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_equal_differences_give_the_limit():
    same = corrected_resampled_t([0.125, 0.125, 0.125], 9, 3)
    assert (same.low, same.high, same.t, same.p) == (0.125, 0.125, np.inf, 0.0)
    none = corrected_resampled_t([0.0, 0.0], 9, 3)
    assert (none.t, none.p) == (0.0, 1.0)


def test_line_has_an_interval_from_five_splits_on():
    d = [0.02, 0.05, -0.01, 0.04, 0.03]
    lines = [corrected_resampled_t(d[:n], n_train=80, n_test=20).line() for n in (5, 4)]
    assert lines == [
        "+0.026 [-0.017, +0.069], corrected resampled t, p = 0.168",
        "+0.025 (4 splits: too few for an interval)",
    ]


@pytest.mark.parametrize(
    ("d", "sizes", "message"),
    [
        ([0.1], (9, 3), "at least 2 draws"),
        ([0.1, np.nan, 0.2], (9, 3), r"draws \[1\] have no finite"),
        ([0.1, 0.2], (0, 3), "n_train=0"),
    ],
)
def test_bad_draws_are_refused(d, sizes, message):
    with pytest.raises(SettingError, match=message):
        corrected_resampled_t(d, *sizes)
