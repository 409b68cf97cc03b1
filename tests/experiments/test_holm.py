"""Holm's step-down procedure, by its own words."""

import numpy as np
import pytest

from monai_ext.experiments.holm import holm


def _rejected(p, alpha):
    """Reject the smallest while p <= alpha / (m - k); stop at the first that is not."""
    order, rejected = np.argsort(p), set()
    for k, index in enumerate(order):
        if p[index] > alpha / (len(p) - k):
            break
        rejected.add(int(index))
    return rejected


@pytest.mark.parametrize("seed", range(20))
def test_adjusted_values_reject_what_the_procedure_rejects(seed):
    rng = np.random.default_rng(seed)
    p = (rng.random(6) ** 3).tolist()
    for alpha in (0.01, 0.05, 0.2):
        assert {k for k, value in enumerate(holm(p)) if value <= alpha} == _rejected(p, alpha)


def test_one_comparison_is_left_as_it_is_and_none_is_fine():
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_values_stay_within_one_and_in_order():
    assert holm([0.9, 0.001, 0.8]) == [1.0, 0.003, 1.0]
