"""The better of two values, and nan, which is never better."""

import math
from types import SimpleNamespace

import pytest

from monai_ext.engines.selection import is_lower, metric_score

NAN = float("nan")


@pytest.mark.parametrize(
    ("current", "best", "expected"),
    [
        (0.2, 0.3, True),
        (0.3, 0.3, False),
        (0.4, 0.3, False),
        (0.2, NAN, True),
        (NAN, 0.3, False),
        (NAN, NAN, False),
    ],
)
def test_lower_is_strictly_lower(current, best, expected):
    assert is_lower(current, best) is expected


@pytest.mark.parametrize(("lower_is_better", "expected"), [(False, 0.25), (True, -0.25)])
def test_score_is_high_where_the_metric_is_good(lower_is_better, expected):
    score = metric_score("a", lower_is_better=lower_is_better)
    assert score(SimpleNamespace(state=SimpleNamespace(metrics={"a": 0.25, "b": 9}))) == expected


@pytest.mark.parametrize("lower_is_better", [False, True])
def test_nan_scores_lowest(lower_is_better):
    score = metric_score("a", lower_is_better=lower_is_better)
    assert score(SimpleNamespace(state=SimpleNamespace(metrics={"a": NAN}))) == -math.inf
