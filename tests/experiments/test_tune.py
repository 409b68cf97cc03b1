"""Tuning never reads the test part, is equal for all methods, and goes on where it was."""

import csv
import importlib
import json
import shutil
from pathlib import Path

import pytest

from monai_ext.data import find_features, load_datalist, write_splits
from monai_ext.errors import CohortError, SettingError
from monai_ext.experiments.crossval_record import claim
from monai_ext.experiments.search_space import read_space
from monai_ext.experiments.trial_score import TrialScore
from monai_ext.experiments.tune import Budget, tune
from monai_ext.experiments.tuned_settings import choice_hash, read_settings
from monai_ext.testing.toy_cohort import write_toy_cohort

module = importlib.import_module("monai_ext.experiments.tune")
BUNDLE = "pathology_m2otca_classification"
QUICK = {"m": 4, "hidden_dim": 16, "attention_dim": 8, "epochs": 2}
SPACE = "learning_rate=1e-6,1e-2;dropout=0,.25"


def _copy(source, target):
    """Splits and features in a place of their own."""
    shutil.copytree(source, target)
    return target


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_toy_cohort(folder)
    for name in ("fold1", "fold2"):
        (folder / "splits" / f"{name}.json").unlink()
    return folder


@pytest.fixture(scope="module")
def tuned(cohort, tmp_path_factory):
    """A search on splits whose test labels are nonsense and whose test files are gone."""
    folder = _copy(cohort, tmp_path_factory.mktemp("destroyed") / "cohort")
    path = folder / "splits/fold0.json"
    for item in load_datalist(path).test:
        for file in item["image"]:
            Path(file).unlink()
    content = json.loads(path.read_text())
    content["test"] = [{**item, "label": "?!"} for item in content["test"]]
    path.write_text(json.dumps(content))
    output = folder / "tune"
    text = tune(
        BUNDLE,
        folder / "splits",
        output,
        space=read_space(SPACE),
        budget=Budget(3),
        overrides=QUICK,
    )
    return output, text


def test_destroyed_test_part_changes_nothing(cohort, tuned, tmp_path):
    output, _ = tuned
    tune(
        BUNDLE,
        cohort / "splits",
        tmp_path / "tune",
        space=read_space(SPACE),
        budget=Budget(3),
        overrides=QUICK,
    )
    for name in ("trials.csv", "best.json"):
        assert (tmp_path / "tune" / name).read_bytes() == (output / name).read_bytes()


def test_trials_are_listed_with_their_scores_and_the_best_is_kept(tuned):
    output, text = tuned
    with (output / "trials.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    expected = read_space(SPACE).trials(3, seed=0)
    assert [(float(r["learning_rate"]), float(r["dropout"])) for r in rows] == [
        (t["learning_rate"], t["dropout"]) for t in expected
    ]
    best = json.loads((output / "best.json").read_text())
    order = sorted(rows, key=lambda r: (-float(r["val_auc"]), float(r["val_loss"])))
    assert best["trial"] == int(order[0]["trial"])
    assert best["settings"] == {**QUICK, **expected[best["trial"]]}
    assert (
        f"Best of 3 trials on 1 validation parts: learning_rate={best['settings']['learning_rate']}"
        in text
    )


def test_crossval_can_take_it(cohort, tuned):
    found = read_settings(tuned[0] / "best.json").require_bundle(BUNDLE)
    datalist = load_datalist(cohort / "splits/fold0.json")
    assert list(found.by_split) == [choice_hash(datalist)]
    assert found.of_split(datalist) == dict(found.settings)


def test_weights_are_not_kept_and_metrics_are(tuned):
    output, _ = tuned
    assert list(output.rglob("*.pt")) == []
    assert len(list(output.glob("trial*/fold0/metrics.csv"))) == 3


@pytest.fixture
def trained(monkeypatch):
    """Training that scores what a table says: val_auc by trial and split."""
    done, auc = [], {}

    def run_bundle(bundle, configs, *, workflow_type, datalist, output_dir, **values):
        run = Path(output_dir)
        run.mkdir(parents=True, exist_ok=True)
        (run / "model.pt").touch()
        done.append(f"{run.parent.name}/{run.name}")
        assert load_datalist(datalist).test == []
        score = auc.get(done[-1], 0.5)
        (run / "metrics.csv").write_text(f"epoch,val_loss,val_auc\n1,{values['loss']},{score}\n")

    monkeypatch.setattr(module, "run_bundle", run_bundle)
    monkeypatch.setattr(module, "require_known_ids", lambda *_: None)
    return done, auc


@pytest.fixture
def splits(tmp_path):
    write_toy_cohort(tmp_path / "toy")
    return tmp_path / "toy/splits"


def _tune(splits, output, **budget):
    return tune(
        BUNDLE,
        splits,
        output,
        space=read_space("loss=3,1,2"),
        budget=Budget(**({"trials": 9} | budget)),
    )


def test_best_is_the_mean_over_splits_and_each_split_keeps_its_own(splits, tmp_path, trained):
    _, auc = trained
    auc |= {"trial00/fold0": 0.9, "trial01/fold1": 0.8, "trial01/fold2": 0.8, "trial02/fold1": 0.8}
    _tune(splits, tmp_path / "out")
    best = json.loads((tmp_path / "out/best.json").read_text())
    assert best["settings"] == {"loss": 1}
    assert best["score"] == pytest.approx(2.1 / 3)
    hashes = [choice_hash(load_datalist(splits / f"fold{k}.json")) for k in range(3)]
    assert [best["by_split"][each]["loss"] for each in hashes] == [3, 1, 1]


def test_loss_may_decide(splits, tmp_path, trained):
    trained[1]["trial00/fold0"] = 0.9
    _tune(splits, tmp_path / "out", metric="val_loss")
    assert json.loads((tmp_path / "out/best.json").read_text())["settings"] == {"loss": 1}


def test_finished_trials_are_not_redone(splits, tmp_path, trained):
    done, _ = trained
    _tune(splits, tmp_path / "out")
    assert len(done) == 9
    before = (tmp_path / "out/trials.csv").read_bytes()
    (tmp_path / "out/trial01/fold2/score.json").unlink()
    del done[:]
    _tune(splits, tmp_path / "out")
    assert done == ["trial01/fold2"]
    assert (tmp_path / "out/trials.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("budget", "what"),
    [({"trials": 2}, "trials"), ({"seed": 1}, "seed"), ({"metric": "val_loss"}, "metric")],
)
def test_another_search_in_the_same_folder_is_refused(splits, tmp_path, trained, budget, what):
    _tune(splits, tmp_path / "out")
    with pytest.raises(SettingError, match=f"with other {what}"):
        _tune(splits, tmp_path / "out", **budget)


def test_no_finite_trial_is_said(splits, tmp_path, trained, monkeypatch):
    lost = TrialScore(0, float("nan"), float("nan"))
    monkeypatch.setattr(module, "score_run", lambda run: lost)
    with pytest.raises(SettingError, match="no trial has a finite validation loss"):
        _tune(splits, tmp_path / "out")


def test_trial_of_another_process_is_waited_for(splits, tmp_path, trained):
    with (
        claim(tmp_path / "out", "trial02_fold1"),
        pytest.raises(SettingError, match="1 runs are missing: trial02/fold1"),
    ):
        _tune(splits, tmp_path / "out")


def test_splits_without_validation_are_refused_in_one_line_before_training(tmp_path, trained):
    write_toy_cohort(tmp_path / "toy")
    found = find_features(tmp_path / "toy/features")
    table = tmp_path / "toy/cohort.csv"
    how = {"shots": [1], "draws": 4, "train_patients": 4}
    write_splits(tmp_path / "draws", table, found, **how)
    with pytest.raises(
        CohortError, match=r"4 of 4 splits in .*: shots1_draw00, .*draw02 \.\.\..*--validation 4"
    ) as error:
        _tune(tmp_path / "draws", tmp_path / "out")
    assert "\n" not in str(error.value)
    assert trained[0] == []
    write_splits(tmp_path / "with", table, found, **how, validation_patients=4)
    assert "Best of 3 trials on 4 validation parts" in _tune(tmp_path / "with", tmp_path / "out2")


def test_unknown_id_is_refused(splits, tmp_path):
    with pytest.raises(SettingError, match=r"has no learning_rat\."):
        tune(BUNDLE, splits, tmp_path, space=read_space("learning_rat=1"), budget=Budget(1))


@pytest.mark.parametrize("budget", [{"trials": 0}, {"trials": 1, "metric": "auc"}])
def test_bad_budget_is_refused(budget):
    with pytest.raises(SettingError, match="the metric is val_auc or val_loss"):
        Budget(**budget)
