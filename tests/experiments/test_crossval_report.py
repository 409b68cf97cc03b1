"""What is reported of folds and of draws, from predictions written down by hand."""

import dataclasses
import json

import pytest

from monai_ext.experiments.crossval import FoldResult
from monai_ext.experiments.crossval_report import slide_metrics, write_report
from monai_ext.outputs import Prediction, prediction_table, read_predictions

PAIR = ["neg", "pos"]
RIGHT, HALF, WRONG = (0.1, 0.2, 0.8, 0.9), (0.1, 0.8, 0.2, 0.9), (0.9, 0.8, 0.2, 0.1)


def table(scores, start=0, *, labels=("neg", "neg", "pos", "pos"), patients=None):
    """One slide a score of the class ``pos``; AUC is 1, 0.75 and 0 of the scores above."""
    rows = []
    for k, (score, label) in enumerate(zip(scores, labels, strict=True)):
        name = f"s{start + k:02}"
        patient = name if patients is None else f"{start}{patients[k]}"
        rows.append(Prediction(name, patient, (1 - score, score), label))
    return prediction_table(rows, PAIR)


def folds(ours, base=None, **kwargs):
    """Folds whose test slides are all different."""
    return [
        FoldResult(
            f"fold{k}",
            table(scores, 4 * k, **kwargs),
            None if base is None else table(base[k], 4 * k, **kwargs),
            n_train=12,
            n_test=4,
        )
        for k, scores in enumerate(ours)
    ]


def draws(ours, base):
    """The same four slides tested again and again."""
    pairs = zip(ours, base, strict=True)
    return [FoldResult(f"draw{k}", table(a), table(b), 12, 4) for k, (a, b) in enumerate(pairs)]


def last_line(results, output):
    return write_report(results, output, "ours", seed=0).splitlines()[-1]


def test_difference_of_few_splits_has_no_interval(tmp_path):
    line = last_line(folds([RIGHT, RIGHT], [HALF, WRONG]), tmp_path)
    assert line == (
        "AUC difference to mean pool + logistic, mean over 2 splits: "
        "+0.625 (2 splits: too few for an interval)"
    )


def test_difference_of_five_splits_has_one(tmp_path):
    line = last_line(draws([RIGHT] * 5, [HALF, HALF, WRONG, HALF, RIGHT]), tmp_path)
    assert line == (
        "AUC difference to mean pool + logistic, mean over 5 splits: "
        "+0.350 [-0.419, +1.119], corrected resampled t, p = 0.275"
    )


def test_fold_without_a_class_gives_no_difference(tmp_path):
    results = folds([RIGHT], [HALF]) + folds([RIGHT], [HALF], labels=["neg"] * 4)
    line = last_line(results, tmp_path)
    assert line == "AUC difference to the baseline: a fold lacks a class, no test"


def test_folds_are_pooled_and_draws_averaged(tmp_path):
    """Each fold ranks its own slides rightly, all of them together are not."""
    low = [score / 10 for score in RIGHT]
    text = write_report(folds([RIGHT, low]), tmp_path / "folds", "ours", seed=0)
    assert text.startswith("Pooled out-of-fold, 95 % patient-bootstrap intervals\n")
    summary = json.loads((tmp_path / "folds/summary.json").read_text())
    assert summary["ours"]["auc"]["estimate"] == 12 / 16
    assert len(read_predictions(tmp_path / "folds/predictions.csv").rows) == 8

    text = write_report(draws([RIGHT, low], [HALF, WRONG]), tmp_path / "draws", "ours", seed=0)
    assert text.startswith("Mean over 2 draws\n")
    summary = json.loads((tmp_path / "draws/summary.json").read_text())
    assert summary["ours"]["auc"] == 1.0
    assert summary["mean pool + logistic"]["auc"] == 0.375
    assert not (tmp_path / "draws/predictions.csv").exists()


def test_metrics_table_has_a_row_a_split_and_method(tmp_path):
    write_report(folds([RIGHT, WRONG], [HALF, RIGHT]), tmp_path, "ours", seed=0)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == [
        "split,method,slides,auc,balanced_accuracy,f1",
        "fold0,ours,4,1,1,1",
        "fold1,ours,4,0,0,0",
        "fold0,mean pool + logistic,4,0.75,0.5,0.5",
        "fold1,mean pool + logistic,4,1,1,1",
    ]


def test_baseline_of_some_folds_only_is_left_out(tmp_path):
    results = folds([RIGHT], [HALF]) + folds([RIGHT, HALF])[1:]
    assert "mean pool" not in write_report(results, tmp_path, "ours", seed=0)
    assert "mean pool" not in (tmp_path / "metrics.csv").read_text()


def test_markdown_ends_with_the_difference_or_with_the_table(tmp_path):
    line = last_line(folds([RIGHT, RIGHT], [HALF, WRONG]), tmp_path / "two")
    lines = (tmp_path / "two/summary.md").read_text().splitlines()
    assert [row.startswith("| ") for row in lines] == [True] * 4 + [False] * 2
    assert lines[4:] == ["", line]

    write_report(folds([RIGHT, RIGHT]), tmp_path / "one", "ours", seed=0)
    lines = (tmp_path / "one/summary.md").read_text().splitlines()
    assert [row.split(" ")[1] for row in lines[::2]] == ["method", "ours"]
    assert len(lines) == 3


def test_patients_are_scored_by_the_mean_of_their_slides(tmp_path):
    """HALF's second and third slide change sides when each is averaged with its neighbour."""
    pairs = {"patients": [0, 0, 1, 1], "labels": ["neg", "neg", "pos", "pos"]}
    write_report(folds([HALF, RIGHT], **pairs), tmp_path, "ours", seed=0)
    found = json.loads((tmp_path / "summary.json").read_text())["ours"]
    assert found["patient auc"]["estimate"] == 1.0
    assert found["auc"]["estimate"] < 1.0


@pytest.mark.parametrize(
    "kwargs", [{"patients": [0, 1, 1, 2]}, {}], ids=["mixed labels", "one slide a patient"]
)
def test_patient_row_is_left_out_where_it_says_nothing(tmp_path, kwargs):
    assert "patient auc" not in write_report(folds([RIGHT], **kwargs), tmp_path, "ours", seed=0)


def test_slides_without_a_label_are_not_scored():
    scores = slide_metrics(table((*RIGHT, 0.0), labels=("neg", "neg", "pos", "pos", None)))
    assert scores["auc"] == 1.0


def test_draws_of_different_shots_are_kept_apart(tmp_path):
    """One shot is worse; the mean over both would be neither."""
    few = [dataclasses.replace(r, shots=1) for r in draws([HALF] * 5, [WRONG] * 5)]
    more = [dataclasses.replace(r, shots=4) for r in draws([RIGHT] * 5, [HALF] * 5)]
    text = write_report([*few, *more], tmp_path, "ours", seed=0)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {name: row["auc"] for name, row in summary.items()} == {
        "ours, 1 shots": 0.75,
        "mean pool + logistic, 1 shots": 0.0,
        "ours, 4 shots": 1.0,
        "mean pool + logistic, 4 shots": 0.75,
    }
    lines = text.splitlines()
    assert lines[-2].startswith("1 shots: AUC difference to mean pool + logistic, mean over 5 spl")
    assert ": +0.750 [" in lines[-2]
    assert ": +0.250 [" in lines[-1]
