"""Cross-validation: every slide tested once, finished splits kept, the baseline beside."""

import json
import shutil

import pytest

from monai_ext.data import find_features, write_splits
from monai_ext.errors import SettingError
from monai_ext.experiments import cross_validate, write_report
from monai_ext.outputs import read_predictions
from monai_ext.testing.toy_cohort import write_toy_cohort

BUNDLE = "pathology_m2otca_classification"
QUICK = {"m": 4, "hidden_dim": 16, "attention_dim": 8, "learning_rate": 0.01, "epochs": 3}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_toy_cohort(folder)
    return folder


@pytest.fixture(scope="module")
def experiment(cohort, tmp_path_factory):
    output = tmp_path_factory.mktemp("experiment")
    results = cross_validate(
        BUNDLE, cohort / "splits", output, baseline_c=0.01, overrides=dict(QUICK)
    )
    return output, results, write_report(results, output, "m2otca", seed=0)


def test_every_slide_is_tested_once_with_its_own_label(cohort, experiment):
    output, _, _ = experiment
    table = read_predictions(output / "predictions.csv")
    lines = (cohort / "cohort.csv").read_text().splitlines()[1:]
    assert {(r.slide, r.patient, r.label) for r in table.rows} == {
        tuple(line.split(",")) for line in lines
    }


def test_fold_predictions_are_of_its_test_part(cohort, experiment):
    _, results, _ = experiment
    for result in results:
        split = json.loads((cohort / "splits" / f"{result.name}.json").read_text())
        slides = sorted(item["slide"] for item in split["test"])
        assert [row.slide for row in result.bundle.rows] == slides
        assert [row.slide for row in result.baseline.rows] == slides


def test_report_shows_the_baseline_beside_with_intervals(experiment):
    output, _, text = experiment
    assert "mean pool + logistic" in text
    assert "patient auc" in text
    summary = json.loads((output / "summary.json").read_text())
    found = summary["m2otca"]["auc"]
    assert found["low"] <= found["estimate"] <= found["high"]
    assert (output / "metrics.csv").read_text().count("\n") == 1 + 2 * 3


def test_second_run_redoes_only_what_is_missing(cohort, experiment):
    output, results, _ = experiment
    kept = (output / "fold1/model.pt").stat().st_mtime_ns
    before = (output / "fold0/predictions.csv").read_bytes()
    shutil.rmtree(output / "fold0")
    again = cross_validate(
        BUNDLE, cohort / "splits", output, baseline_c=0.01, overrides=dict(QUICK)
    )
    assert (output / "fold1/model.pt").stat().st_mtime_ns == kept
    assert (output / "fold0/predictions.csv").read_bytes() == before
    assert [r.name for r in again] == [r.name for r in results]


def test_other_settings_in_the_same_folder_are_refused(cohort, experiment):
    output, _, _ = experiment
    with pytest.raises(SettingError, match="an experiment with other overrides"):
        cross_validate(
            BUNDLE, cohort / "splits", output, baseline_c=None, overrides={**QUICK, "m": 2}
        )


def test_draws_are_averaged_not_pooled(cohort, tmp_path):
    found = find_features(cohort / "features")
    write_splits(
        tmp_path / "draws", cohort / "cohort.csv", found, shots=[1], draws=2, train_patients=6
    )
    results = cross_validate(
        BUNDLE, tmp_path / "draws", tmp_path / "out", baseline_c=0.01, overrides=dict(QUICK)
    )
    text = write_report(results, tmp_path / "out", "m2otca", seed=0)
    assert text.startswith("Mean over 2 draws")
    assert text.endswith("(2 splits: too few for an interval)\n")
    assert not (tmp_path / "out/predictions.csv").exists()


def test_unknown_bundle_names_those_there_are(tmp_path):
    with pytest.raises(SettingError, match="pathology_m2otca_classification"):
        cross_validate("absent", tmp_path, tmp_path, baseline_c=None)
