"""Object Dice against a loop over masks and on hand-made cases."""

import numpy as np
import pytest

from monai_ext.metrics import ObjectOverlap, object_dice
from tests.metrics.conftest import objects_of


def brute_dice(predicted, truth):
    def one_way(objects, others):
        total = sum(int(a.sum()) for a in objects)
        score = 0.0
        for a in objects:
            best = max(others, key=lambda b: int((a & b).sum()))
            score += a.sum() / total * 2 * (a & best).sum() / (a.sum() + best.sum())
        return score

    found, real = objects_of(predicted), objects_of(truth)
    return 0.5 * one_way(found, real) + 0.5 * one_way(real, found)


def row(text):
    return np.array([[int(c) for c in text]])


def test_dice_is_that_of_the_loop(pair):
    assert object_dice(ObjectOverlap.of(*pair)) == pytest.approx(brute_dice(*pair), rel=1e-12)


def test_dice_is_the_same_with_sides_exchanged(pair):
    there, back = object_dice(ObjectOverlap.of(*pair)), object_dice(ObjectOverlap.of(*pair[::-1]))
    assert there == pytest.approx(back, rel=1e-12)


@pytest.mark.parametrize(
    ("case", "predicted", "truth", "expected"),
    [
        ("perfect", "1102220", "1102220", 1.0),
        ("nothing found", "0000000", "1102220", 0.0),
        ("nothing there", "1102220", "0000000", 0.0),
        ("nothing at all", "0000000", "0000000", 1.0),
        ("beside", "1100000", "0011000", 0.0),
        # each part has 2 * 2 / (2 + 4); so has the whole with its first part
        ("split", "1122000", "1111000", 2 / 3),
        # merged object with the larger gland 2 * 3 / (6 + 3); small gland 2 * 2 / (6 + 2)
        ("merged", "1111110", "1102220", (6 / 9 + (2 / 5) * (4 / 8) + (3 / 5) * (6 / 9)) / 2),
        # the false object of 3 px takes 3 / 5 of the weight of the found ones
        ("one false", "1102220", "1100000", (2 / 5 + 1) / 2),
    ],
)
def test_dice_by_hand(case, predicted, truth, expected):
    assert object_dice(ObjectOverlap.of(row(predicted), row(truth))) == pytest.approx(expected)
