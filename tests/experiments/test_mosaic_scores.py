"""Scores survive an interruption; the summary pairs draws."""

import math

import pytest
import torch

from monai_ext.experiments.corrected_t import corrected_resampled_t
from monai_ext.experiments.mosaic_scores import (
    ScoreTable,
    share_found,
    summarise_scores,
    tile_auc,
)

LABELS = [0, 1, 0, 1]
GOOD, FAIR, BAD = [0.1, 0.9, 0.2, 0.8], [0.1, 0.9, 0.5, 0.4], [0.9, 0.1, 0.8, 0.2]


@pytest.fixture
def table(tmp_path):
    scores = ScoreTable(tmp_path / "scores.csv")
    for draw, (one, two) in enumerate([(GOOD, FAIR), (FAIR, BAD), (GOOD, BAD)]):
        scores.add(draw, "first", 0, LABELS, one)
        scores.add(draw, "second", 0, LABELS, two)
    return scores


def test_auc_counts_pairs(table):
    assert [table.by_method()["first"][draw, 0] for draw in range(3)] == [1.0, 0.75, 1.0]
    assert table.by_method()["second"][2, 0] == 0.0


def test_lines_are_there_after_a_restart(table):
    again = ScoreTable(table.path)
    assert again.by_method() == table.by_method()
    assert again.has(2, "second", 0)
    assert not again.has(2, "second", 1)
    assert not again.has(3, "second", 0)


def test_broken_last_line_is_done_again(table):
    text = table.path.read_text()
    table.path.write_text(text[:-20])
    again = ScoreTable(table.path)
    assert not again.has(2, "second", 0)
    assert again.has(2, "first", 0)
    again.add(2, "second", 0, LABELS, BAD)
    assert table.path.read_text() == text


def test_summary_pairs_the_draws(table):
    summary = summarise_scores(table, 60, 60)
    (difference,) = summary.numbers["differences"]
    expected = corrected_resampled_t([-0.25, -0.75, -1.0], 60, 60)
    assert difference["mean"] == pytest.approx(expected.mean)
    assert difference["low"] == pytest.approx(expected.low)
    assert summary.numbers["methods"]["first"]["auc"] == pytest.approx(11 / 12)
    assert "| first | 3 | 0.917 | 0.144 |  |" in summary.markdown


def test_share_found_counts_malignant_mosaics_only():
    truth = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0]])
    images = torch.tensor([[0, 2, 1], [0, 0, 1], [9, 0, 0], [0, 0, 3], [0, 5, 1]])
    assert share_found(images, truth) == 0.75
    assert math.isnan(share_found(None, truth))


def test_share_found_is_kept_and_shown(tmp_path):
    table = ScoreTable(tmp_path / "scores.csv")
    for draw, found in enumerate([0.5, 0.75]):
        table.add(draw, "first", 0, LABELS, GOOD, found)
    summary = summarise_scores(ScoreTable(table.path), 60, 60)
    assert summary.numbers["methods"]["first"]["found"] == 0.625
    assert "| 0.62 |" in summary.markdown


def test_draws_that_one_method_lacks_are_left_out(table):
    table.add(9, "first", 0, LABELS, BAD)
    (difference,) = summarise_scores(table, 60, 60).numbers["differences"]
    assert difference["mean"] == pytest.approx(-2 / 3)


def test_tile_auc_is_the_mean_over_mosaics_that_have_both_kinds():
    truth = torch.tensor([[0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]])
    tiles = torch.tensor([[0.1, 0.3, 0.2, 0.4], [0.0, 1.0, 1.0, 1.0], [9.0, 0.0, 0.0, 0.0]])
    assert tile_auc(tiles, truth) == pytest.approx((0.75 + 0.0) / 2)
    assert tile_auc(torch.ones(3, 4), truth) == 0.5
    assert math.isnan(tile_auc(None, truth))
