"""Where curves meet their targets, by hand."""

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.label.squares_needed import compare_needed, squares_needed

ROUNDS = [4, 8, 16, 32]


@pytest.mark.parametrize(
    ("curve", "target", "expected"),
    [
        ([0.5, 0.6, 0.7, 0.8], 0.7, 16),
        ([0.5, 0.6, 0.7, 0.8], 0.65, 8 * 2**0.5),
        ([0.5, 0.6, 0.7, 0.8], 0.725, 16 * 2**0.25),
        ([0.5, 0.6, 0.7, 0.8], 0.4, 4),
        ([0.5, 0.6, 0.7, 0.8], 0.81, np.inf),
        ([0.5, 0.7, 0.6, 0.8], 0.65, 4 * 2**0.75),
        ([0.5, 0.5, 0.5, 0.7], 0.5, 4),
    ],
)
def test_where_a_curve_first_meets_its_target(curve, target, expected):
    found = squares_needed(ROUNDS, np.array([curve]), np.array([target]))
    assert found.tolist() == pytest.approx([expected])


def test_each_row_has_its_target():
    curves = np.tile([0.5, 0.6, 0.7, 0.8], (3, 1))
    assert squares_needed(ROUNDS, curves, np.array([0.6, 0.9, 0.8])).tolist() == [8, np.inf, 32]


def test_shapes_must_fit():
    with pytest.raises(SettingError, match="2 targets, 4 rounds"):
        squares_needed(ROUNDS, np.ones((3, 4)), np.ones(2))


def test_a_strategy_beside_its_reference():
    slow = np.tile([0.5, 0.55, 0.6, 0.7], (5, 1))
    fast = np.array([[0.5, 0.7, 0.7, 0.7]] + [[0.5, 0.7, 0.7, 0.7]] * 3 + [[0.5, 0.6, 0.6, 0.65]])
    found = compare_needed(ROUNDS, fast, np.full(5, 0.7), slow)
    assert (found.first, found.between, found.ratio) == (8, 8, 0.25)
    assert found.at_most_half == 0.75
    assert (found.low, found.high) == (8, np.inf)


def test_against_a_reference_that_never_gets_there_only_half_of_the_last_round_counts():
    never = np.full((3, 4), 0.5)
    late = np.array([[0.5, 0.6, 0.65, 0.7], [0.5, 0.6, 0.7, 0.7], [0.5, 0.6, 0.65, 0.7]])
    found = compare_needed(ROUNDS, late, np.full(3, 0.7), never)
    assert np.isnan(found.ratio)
    assert found.at_most_half == 0.5
    none = compare_needed(ROUNDS, never, np.full(3, 0.7), late)
    assert (none.first, none.between, none.at_most_half) == (np.inf, np.inf, 0)
