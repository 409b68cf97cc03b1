"""Intervals over seeds and groups, against enumeration and known spreads."""

import itertools

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.crossed_bootstrap import crossed_bootstrap


def test_quantiles_are_those_of_all_resamples(np_rng):
    table, groups = np_rng.normal(size=(2, 5)), ["a", "a", "b", "c", "b"]
    means = []
    for seeds in itertools.product(range(2), repeat=2):
        for drawn in itertools.product("abc", repeat=3):
            columns = [k for name in drawn for k, g in enumerate(groups) if g == name]
            means.append(table[np.ix_(seeds, columns)].mean())
    found = crossed_bootstrap(table, groups, seed=0, resamples=200_000, confidence=0.9)
    low, high = np.quantile(means, [0.05, 0.95])
    assert found.estimate == pytest.approx(table.mean())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.02)


def test_groups_widen_and_equal_scores_have_no_width(np_rng):
    patients = np.repeat(np_rng.normal(size=6), 10)
    table = np.tile(patients, (3, 1))
    by_patient = crossed_bootstrap(table, [str(k // 10) for k in range(60)], seed=0)
    by_image = crossed_bootstrap(table, [str(k) for k in range(60)], seed=0)
    assert by_patient.high - by_patient.low > 2 * (by_image.high - by_image.low)
    same = crossed_bootstrap(np.full((2, 4), 0.3), list("abcd"), seed=1)
    assert (same.low, same.estimate, same.high) == pytest.approx((0.3, 0.3, 0.3))


def test_seeds_are_resampled_too():
    table = np.array([[0.0] * 4, [1.0] * 4])
    found = crossed_bootstrap(table, list("abcd"), seed=0)
    assert (found.low, found.high) == (0.0, 1.0)


def test_a_missing_score_or_another_shape_is_refused():
    for table, groups in (([[np.nan, 1.0]], "ab"), ([[1.0, 1.0]], "abc"), ([1.0, 1.0], "ab")):
        with pytest.raises(SettingError, match="a row a seed, a column an image"):
            crossed_bootstrap(np.array(table), list(groups), seed=0)
