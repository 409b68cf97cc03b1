import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.label.next_square import STRATEGIES, next_square
from monai_ext.label.square_scores import SquareScores


def unit(*angles):
    turns = np.deg2rad(angles)
    return np.stack([np.cos(turns), np.sin(turns)], 1)


SCORES = SquareScores(np.array([0.2, 0.9, 0.4, 0.1]), unit(0, 10, 20, 90))
NONE = np.empty((0, 2))


def test_uncertainty_takes_the_least_sure_one():
    assert next_square("uncertainty", SCORES, unit(0), 0) == 1


def test_coverage_takes_what_is_least_like_the_annotated_ones():
    assert next_square("coverage", SCORES, unit(0), 0) == 3
    assert next_square("coverage", SCORES, unit(0, 90), 0) == 2
    assert next_square("coverage", SCORES, unit(15, 90), 0) == 0


def test_coverage_begins_with_what_is_most_like_all():
    assert next_square("coverage", SCORES, NONE, 0) == 2


def test_farthest_first_visits_every_group_before_any_twice():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 90, 180, 270], 10)
    vectors = unit(*(groups + rng.normal(0, 3, 40)))
    seen, annotated = [], NONE
    for _ in range(4):
        k = next_square("coverage", SquareScores(np.zeros(40), vectors), annotated, 0)
        seen.append(groups[k])
        annotated = np.concatenate([annotated, vectors[k : k + 1]])
    assert sorted(seen) == [0, 90, 180, 270]


def test_random_hangs_on_the_seed_and_reaches_all():
    drawn = [next_square("random", SCORES, NONE, seed) for seed in range(60)]
    assert set(drawn) == {0, 1, 2, 3}
    assert drawn == [next_square("random", SCORES, NONE, seed) for seed in range(60)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_left_is_said(strategy):
    with pytest.raises(SettingError, match="no tissue is left"):
        next_square(strategy, SquareScores(np.empty(0), np.empty((0, 2))), NONE, 0)


def test_another_strategy_is_refused():
    with pytest.raises(SettingError, match="uncertainty, coverage, random"):
        next_square("magic", SCORES, NONE, 0)
