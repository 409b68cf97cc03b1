"""Curves of the seeds that are finished, against hand-made scores."""

import numpy as np
import pytest

from monai_ext.errors import CohortError
from monai_ext.experiments.segmentation_grid import SegmentationCell
from monai_ext.label.active_report import curve_table, needed, needed_table, read_curves

LEVELS = {
    "random": (0.6, 0.7, 0.8),
    "coverage": (0.7, 0.8, 0.8),
    "uncertainty": (0.8, 0.8, 0.8),
    "all": (0.82, 0.83, 0.84),
}
IMAGES, PATIENTS = ("a", "b", "c", "d"), ("1", "1", "2", "3")


def cell(level, seeds=(0, 1)):
    rng = np.random.default_rng(0)
    scores = level + 0.01 * rng.normal(size=(2, 1)) + 0.02 * rng.normal(size=(2, 4))
    scores += level - scores.mean()
    return SegmentationCell(scores[: len(seeds)], PATIENTS, IMAGES, seeds)


@pytest.fixture
def cells():
    found = {("squares_004", "start"): cell(0.5)}
    for k, count in enumerate(("008", "016", "032")):
        for one, levels in LEVELS.items():
            found[f"squares_{count}", one] = cell(levels[k])
    return found


def test_curves_begin_with_the_shared_round(cells):
    curves = read_curves(cells)
    assert curves.rounds == (4, 8, 16, 32)
    assert set(curves.lines) == {"random", "coverage", "uncertainty"}
    means = {one: [each.scores.mean() for each in line] for one, line in curves.lines.items()}
    for one, found in means.items():
        assert found == pytest.approx([0.5, *LEVELS[one]])
    assert [each.scores.mean() for each in curves.full] == pytest.approx(LEVELS["all"])


def test_a_seed_that_is_not_finished_does_not_count(cells):
    cells["squares_032", "coverage"] = cell(0.8, seeds=(1,))
    curves = read_curves(cells)
    assert {each.seeds for line in curves.lines.values() for each in line} == {(1,)}
    whole = cells["squares_008", "random"]
    np.testing.assert_array_equal(curves.lines["random"][1].scores, whole.scores[1:])
    del cells["squares_032", "all"]
    with pytest.raises(CohortError, match="no seed has all"):
        read_curves(cells)


def test_squares_are_counted_up_to_the_share_of_the_last_full_round(cells):
    found = needed(read_curves(cells), share=0.8 / 0.84 - 1e-9)
    assert {one: each.first for one, each in found.items()} == {
        "random": 32, "coverage": 16, "uncertainty": 8
    }  # fmt: skip
    assert found["coverage"].ratio == pytest.approx(0.5, abs=1e-6)
    assert found["uncertainty"].ratio == pytest.approx(0.25, abs=1e-6)
    assert found["random"].ratio == 1
    assert found["uncertainty"].at_most_half > found["coverage"].at_most_half > 0.3
    assert found["random"].at_most_half == 0


def test_tables_say_it(cells):
    curves = read_curves(cells)
    head, first, *rows = curve_table(curves)
    assert head[1:] == [
        "random", "uncertainty minus random", "coverage minus random", "all squares"
    ]  # fmt: skip
    assert first[2:] == ["", "", ""]
    assert [row[0] for row in rows] == ["8", "16", "32"]
    assert rows[0][2].startswith("+0.200 [")
    assert rows[0][3].startswith("+0.100 [")
    assert rows[2][4].startswith("0.840 [")
    lines = needed_table(needed(curves, share=0.9), 32)
    assert [line[0] for line in lines[1:]] == list(curves.lines)
    over = needed_table(needed(curves, share=1.0), 32)
    assert {line[1] for line in over[1:]} == {"over 32"}
    assert {line[3] for line in over[1:]} == {"n/a"}
