"""The score is of the epoch whose checkpoint is kept."""

import math

import pytest

from monai_ext.experiments.trial_score import (
    TrialScore,
    mean_score,
    read_score,
    score_run,
    write_score,
)


def _run(folder, rows):
    lines = ["epoch,lr,train_loss,val_loss,val_auc", *rows]
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_score_is_of_the_epoch_of_the_lowest_validation_loss(tmp_path):
    run = _run(tmp_path, ["1,1,1,0.9,0.99", "2,1,1,0.4,0.7", "3,1,1,nan,0.8", "4,1,1,0.5,0.9"])
    assert score_run(run) == TrialScore(2, 0.4, 0.7)


def test_training_that_was_never_finite_has_no_score(tmp_path):
    found = score_run(_run(tmp_path, ["1,1,nan,nan,nan", "2,1,nan,,"]))
    assert found.epoch == 0
    assert math.isnan(found.val_loss)


def test_order_is_by_the_metric_then_by_the_other_and_nan_is_last():
    low, high = TrialScore(1, 0.2, 0.8), TrialScore(1, 0.5, 0.9)
    lost, equal = TrialScore(0, math.nan, math.nan), TrialScore(1, 0.4, 0.9)
    each = [lost, low, high, equal]
    assert sorted(each, key=lambda s: s.order("val_auc")) == [equal, high, low, lost]
    assert sorted(each, key=lambda s: s.order("val_loss")) == [low, equal, high, lost]


def test_written_score_says_that_a_run_is_done(tmp_path):
    assert read_score(tmp_path) is None
    write_score(tmp_path, TrialScore(3, 0.25, 0.5))
    assert read_score(tmp_path) == TrialScore(3, 0.25, 0.5)


def test_mean_is_over_splits_and_nan_with_one():
    assert mean_score([TrialScore(2, 0.2, 0.5), TrialScore(4, 0.4, 1.0)]) == TrialScore(
        4, pytest.approx(0.3), 0.75
    )
    assert math.isnan(mean_score([TrialScore(1, 1.0, 1.0), TrialScore(0, math.nan, 1.0)]).val_loss)
