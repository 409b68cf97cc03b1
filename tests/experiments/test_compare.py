"""The whole command on experiments on disk: what it writes and what it refuses."""

import csv
import json
import re

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from monai_ext.errors import SettingError
from monai_ext.experiments.compare import BASELINE_NAME, compare
from monai_ext.outputs import read_predictions
from tests.experiments.experiment_files import draws, folds, toy_cohort, write_experiment


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder, cohort = tmp_path_factory.mktemp("compare"), toy_cohort()
    splits = draws(cohort, shots=(1, 2), number=5)
    paths = [
        write_experiment(folder / name, cohort, splits, effect=effect, seed=k)
        for k, (name, effect) in enumerate({"m2otca": 0.3, "abmil": 2.0}.items())
    ]
    nothing = write_experiment(folder / "shuffled", cohort, splits[:4], effect=0.0, seed=9)
    text = compare(paths, folder / "out", shuffled=nothing, permutations=50)
    return folder, paths, text


def _csv(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_table_has_a_row_a_method_and_shots(made):
    folder, _, text = made
    lines = (folder / "out/compare.md").read_text().splitlines()
    start = lines.index("## AUC (primary)") + 4
    names = [line.split("|")[1].strip() for line in lines[start : start + 10]]
    assert names == [
        "m2otca, 1 shot",
        "abmil, 1 shot",
        "mean pool + logistic, 1 shot",
        "labels permuted (m2otca), 1 shot",
        "m2otca, 2 shots",
        "abmil, 2 shots",
        "mean pool + logistic, 2 shots",
        "labels permuted (m2otca), 2 shots",
        "trained on shuffled labels, 1 shot",
        "trained on shuffled labels, 2 shots",
    ]
    assert text.startswith("# Comparison with m2otca\n\n10 splits (draws")
    assert "24 patients, 48 test slides" in text


def test_csv_and_json_say_the_same(made):
    folder, _, _ = made
    rows = {(r["method"], r["shots"], r["metric"]): r for r in _csv(folder / "out/compare.csv")}
    found = json.loads((folder / "out/compare.json").read_text())
    assert found["reference"] == "m2otca"
    for each in found["rows"]:
        row = rows[each["method"], str(each["shots"]), each["metric"]]
        np.testing.assert_allclose(float(row["mean"]), each["mean"], rtol=1e-5)
        if each["difference"]:
            np.testing.assert_allclose(
                float(row["p"]), each["difference"]["jackknife"]["p"], rtol=1e-5
            )
            np.testing.assert_allclose(float(row["p_holm"]), each["p_holm"], rtol=1e-5)
            assert row["procedure"] == each["procedure"] == "patient jackknife"
    assert len(rows) == 18 + 6 + 6


def test_every_run_is_listed_with_its_own_score(made):
    folder, paths, _ = made
    runs = _csv(folder / "out/runs.csv")
    assert len(runs) == 10 * 3
    (run,) = [r for r in runs if (r["split"], r["method"]) == ("shots2_draw03", "abmil")]
    table = read_predictions(paths[1] / "shots2_draw03/predictions.csv")
    right = table.probabilities()[:, 1][table.labels() == 1]
    wrong = table.probabilities()[:, 1][table.labels() == 0]
    np.testing.assert_allclose(float(run["auc"]), (right[:, None] > wrong).mean(), rtol=1e-5)
    shown = [line for line in made[2].splitlines() if line.startswith("| shots2_draw03 ")]
    assert shown[0].split("|")[3].strip() == f"{float(run['auc']):.3f}"


def test_better_method_is_told_apart_and_filled_in_the_picture(made):
    folder, _, _ = made
    found = json.loads((folder / "out/compare.json").read_text())
    (row,) = [
        r for r in found["rows"] if (r["method"], r["shots"], r["metric"]) == ("abmil", 2, "auc")
    ]
    assert row["difference"]["mean"] > 0.2
    assert row["p_holm"] < 0.05
    assert all(each["mean"] < 0.75 for each in found["shuffled"] if each["metric"] == "auc")
    with Image.open(folder / "out/compare.png") as picture:
        assert picture.format == "PNG"


def test_reference_may_be_another_or_the_baseline(made, tmp_path):
    _, paths, _ = made
    for name in ("abmil", BASELINE_NAME):
        compare(paths, tmp_path / name, reference=name, permutations=10)
        found = json.loads((tmp_path / name / "compare.json").read_text())
        without = {r["method"] for r in found["rows"] if r["difference"] is None}
        assert without == {name}


def test_baseline_may_be_left_out(made, tmp_path):
    _, paths, _ = made
    assert BASELINE_NAME not in compare(paths, tmp_path, has_baseline=False, permutations=10)


def test_folds_show_the_pooled_metric(tmp_path):
    cohort = toy_cohort()
    paths = [
        write_experiment(tmp_path / name, cohort, folds(cohort), seed=k, baseline=None)
        for k, name in enumerate("ab")
    ]
    text = compare(paths, tmp_path / "out", permutations=10)
    assert "pooled, 95 % interval" in text
    rows = [read_predictions(path).rows for path in sorted((tmp_path / "a").glob("*/pred*.csv"))]
    pairs = [(row.label == "pos", row.probabilities[1]) for each in rows for row in each]
    pooled = f"{roc_auc_score(*zip(*pairs, strict=True)):.3f}"
    line = next(line for line in text.splitlines() if line.startswith("| a |"))
    assert line.split("|")[4].strip().startswith(f"{pooled}, 0.")
    assert "p and intervals of differences: corrected resampled t, two-sided." in text
    assert "By the corrected resampled t" not in text


def test_draws_of_few_patients_fall_back_and_say_so(tmp_path):
    cohort = toy_cohort(7, 3)
    splits = draws(cohort, number=6, train_patients=4)
    paths = [
        write_experiment(tmp_path / name, cohort, splits, seed=k, baseline=None)
        for k, name in enumerate("ab")
    ]
    text = compare(paths, tmp_path / "out", permutations=10)
    assert "6 splits (draws, which test slides again and again)" in text
    assert "a bootstrap of draws and patients (too few patients" in text
    assert "p and intervals of differences: corrected resampled t, two-sided." in text
    line = next(line for line in text.splitlines() if line.startswith("| a, 2 shots |"))
    assert re.fullmatch(r"\d\.\d{3} to \d\.\d{3}", line.split("|")[4].strip())


def test_less_than_five_splits_have_no_interval_of_the_difference(tmp_path):
    cohort = toy_cohort()
    splits = draws(cohort, number=3)
    paths = [
        write_experiment(tmp_path / name, cohort, splits, seed=k, baseline=None)
        for k, name in enumerate("ab")
    ]
    assert "| too few splits |" in compare(paths, tmp_path / "out", permutations=10)


@pytest.mark.parametrize(
    ("paths", "settings", "message"),
    [
        ([], {}, "no experiment given"),
        ([0], {"has_baseline": False}, "m2otca is the only method"),
        ([0, 1], {"reference": "clam"}, "--reference clam.*one of m2otca, abmil, mean pool"),
        ([0, 0], {}, "is given twice"),
    ],
)
def test_what_cannot_be_compared_is_refused(made, tmp_path, paths, settings, message):
    with pytest.raises(SettingError, match=message):
        compare([made[1][k] for k in paths], tmp_path, **settings)


def test_other_splits_are_refused_before_anything_is_written(made, tmp_path):
    cohort = toy_cohort()
    other = write_experiment(tmp_path / "other", cohort, draws(cohort, number=5))
    with pytest.raises(SettingError, match="other differs from m2otca: splits"):
        compare([made[1][0], other], tmp_path / "out")
    assert not (tmp_path / "out").exists()
