"""Counts of found objects, against a loop over masks and on hand-made cases."""

import numpy as np
import pytest

from monai_ext.metrics import ObjectOverlap, object_counts, object_f1
from tests.metrics.conftest import objects_of


def brute_counts(predicted, truth):
    """True objects that were taken are crossed off the list."""
    real, taken, false = objects_of(truth), set(), 0
    for s in objects_of(predicted):
        shared = [int((s & g).sum()) for g in real]
        best = int(np.argmax(shared)) if real else -1
        if (
            best >= 0
            and shared[best]
            and best not in taken
            and 2 * shared[best] >= real[best].sum()
        ):
            taken.add(best)
        else:
            false += 1
    return len(taken), false, len(real) - len(taken)


def row(text):
    return np.array([[int(c) for c in text]])


def test_counts_are_those_of_the_loop(pair):
    assert object_counts(ObjectOverlap.of(*pair)) == brute_counts(*pair)


@pytest.mark.parametrize(
    ("case", "predicted", "truth", "expected"),
    [
        ("perfect", "1102220", "1102220", (2, 0, 0)),
        ("nothing found", "0000000", "1102220", (0, 0, 2)),
        ("nothing there", "1102220", "0000000", (0, 2, 0)),
        ("nothing at all", "0000000", "0000000", (0, 0, 0)),
        ("exactly half", "1100000", "1111000", (1, 0, 0)),
        ("less than half", "1000000", "1110000", (0, 1, 1)),
        ("two halves match one to one", "1122000", "1111000", (1, 1, 0)),
        ("split in three", "1203300", "1111110", (0, 3, 1)),
        ("merged: the larger counts", "1111110", "1102220", (1, 0, 1)),
        ("half of the truth, not of the object", "1111111", "0001000", (1, 0, 0)),
        ("most shared is not half, another is", "1111110", "0022223", (1, 0, 1)),
    ],
)
def test_counts_by_hand(case, predicted, truth, expected):
    assert object_counts(ObjectOverlap.of(row(predicted), row(truth))) == expected


def test_share_can_be_chosen():
    overlap = ObjectOverlap.of(row("1100"), row("1111"))
    assert object_counts(overlap, min_share=0.51) == (0, 1, 1)


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    precision, recall = 6 / 8, 6 / 7
    assert object_f1(6, 2, 1) == pytest.approx(2 * precision * recall / (precision + recall))


@pytest.mark.parametrize(("counts", "f1"), [((0, 0, 0), 1.0), ((0, 2, 0), 0.0), ((0, 0, 2), 0.0)])
def test_f1_without_objects(counts, f1):
    assert object_f1(*counts) == f1
