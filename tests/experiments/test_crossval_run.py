"""Shards: each does its own splits, nothing is lost or done twice, the last one reports."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from monai_ext.data import load_datalist
from monai_ext.errors import SettingError
from monai_ext.experiments import crossval
from monai_ext.experiments.crossval_record import claim
from monai_ext.experiments.crossval_run import report_crossval, run_crossval
from monai_ext.experiments.shard import Shard
from monai_ext.experiments.tuned_settings import choice_hash
from monai_ext.outputs import Prediction, read_predictions, write_predictions
from monai_ext.testing.toy_cohort import write_toy_cohort

BUNDLE = "pathology_m2otca_classification"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_toy_cohort(folder)
    return folder


@pytest.fixture
def trained(monkeypatch):
    """Training that only writes what it was told; names and settings of what was trained."""
    done = []

    def run_bundle(bundle, configs, *, workflow_type, datalist, output_dir, **values):
        run, split = Path(output_dir), load_datalist(datalist)
        if len(configs) == 1:
            done.append((run.name, {k: v for k, v in values.items() if k != "resume"}))
            run.mkdir(parents=True, exist_ok=True)
            return
        rows = [
            Prediction(i["slide"], i["patient"], (0.4, 0.6), split.class_names[i["label"]])
            for i in split.test
        ]
        write_predictions(run / "predictions.csv", rows, split.class_names)

    monkeypatch.setattr(crossval, "run_bundle", run_bundle)
    return done


def _run(cohort, output, **settings):
    numbers = {"baseline_c": 0.01, "seed": 0} | settings
    return run_crossval(BUNDLE, cohort / "splits", output, **numbers)


def test_shards_do_their_own_and_the_last_one_reports(cohort, tmp_path, trained):
    first = _run(cohort, tmp_path, shard=Shard(1, 2))
    assert [name for name, _ in trained] == ["fold0", "fold2"]
    assert first.startswith(f"2 of 3 splits in {tmp_path} are done; missing: fold1. The shard")
    assert "\n" not in first
    assert not (tmp_path / "summary.md").exists()
    last = _run(cohort, tmp_path, shard=Shard(2, 2))
    assert [name for name, _ in trained] == ["fold0", "fold2", "fold1"]
    assert last.startswith("Pooled out-of-fold")
    assert len(read_predictions(tmp_path / "predictions.csv").rows) == 16


def test_a_later_call_without_a_shard_does_the_rest_and_reports(cohort, tmp_path, trained):
    _run(cohort, tmp_path, shard=Shard(2, 3))
    assert _run(cohort, tmp_path).startswith("Pooled out-of-fold")
    assert sorted(name for name, _ in trained) == ["fold0", "fold1", "fold2"]


def test_report_with_missing_splits_is_refused_in_one_line(cohort, tmp_path, trained):
    _run(cohort, tmp_path, shard=Shard(1, 2))
    with pytest.raises(SettingError, match=r"2 of 3 splits in .* missing: fold1\. Rule") as error:
        report_crossval(BUNDLE, cohort / "splits", tmp_path, baseline_c=None, seed=0)
    assert "\n" not in str(error.value)
    assert len(trained) == 2


def test_report_alone_trains_nothing(cohort, tmp_path, trained):
    whole = _run(cohort, tmp_path)
    (tmp_path / "summary.md").unlink()
    del trained[:]
    again = report_crossval(BUNDLE, cohort / "splits", tmp_path, baseline_c=0.01, seed=0)
    assert again == whole
    assert (tmp_path / "summary.md").exists()
    assert trained == []


def test_report_of_other_splits_is_refused(cohort, tmp_path, trained):
    _run(cohort, tmp_path)
    write_toy_cohort(tmp_path / "other", seed=3)
    with pytest.raises(SettingError, match="on other splits than"):
        report_crossval(BUNDLE, tmp_path / "other/splits", tmp_path, baseline_c=None, seed=0)


def test_split_of_another_process_is_left_to_it(cohort, tmp_path, trained):
    with (
        claim(tmp_path, "fold1"),
        pytest.raises(SettingError, match=r"2 of 3 splits .* missing: fold1"),
    ):
        _run(cohort, tmp_path)
    assert [name for name, _ in trained] == ["fold0", "fold2"]
    assert _run(cohort, tmp_path).startswith("Pooled")


def test_two_at_once_do_every_split_once(cohort, tmp_path, trained):
    texts = []
    workers = [
        threading.Thread(target=lambda k=k: texts.append(_run(cohort, tmp_path, shard=Shard(k, 2))))
        for k in (1, 2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(name for name, _ in trained) == ["fold0", "fold1", "fold2"]
    assert any(text.startswith("Pooled out-of-fold") for text in texts)


def test_other_settings_of_a_shard_are_refused(cohort, tmp_path, trained):
    _run(cohort, tmp_path, shard=Shard(1, 2))
    with pytest.raises(SettingError, match="an experiment with other overrides"):
        _run(cohort, tmp_path, shard=Shard(2, 2), overrides={"m": 3})


def test_unknown_config_id_is_refused_before_training(cohort, tmp_path, trained):
    with pytest.raises(SettingError, match=r"has no learning_rat\..*mean learning_rate"):
        _run(cohort, tmp_path, overrides={"learning_rat": 1})
    assert trained == []


def test_tuned_settings_go_to_their_splits_and_overrides_win(cohort, tmp_path, trained):
    own = choice_hash(load_datalist(cohort / "splits/fold1.json"))
    best = {
        "bundle": BUNDLE,
        "settings": {"m": 5, "dropout": 0.1},
        "by_split": {own: {"m": 7, "dropout": 0.2}},
    }
    (tmp_path / "best.json").write_text(json.dumps(best))
    _run(cohort, tmp_path / "out", settings=tmp_path / "best.json", overrides={"dropout": 0.5})
    assert dict(trained) == {
        "fold0": {"m": 5, "dropout": 0.5},
        "fold1": {"m": 7, "dropout": 0.5},
        "fold2": {"m": 5, "dropout": 0.5},
    }
    with pytest.raises(SettingError, match="an experiment with other tuned"):
        _run(cohort, tmp_path / "out", overrides={"dropout": 0.5})


@pytest.mark.slow
def test_two_processes_share_a_folder(cohort, tmp_path):
    """The real thing, on the command line."""
    command = [sys.executable, "-m", "monai_ext", "crossval", "--bundle", BUNDLE]
    command += ["--splits", str(cohort / "splits"), "--output", str(tmp_path / "out")]
    command += ["--m", "4", "--hidden_dim", "16", "--attention_dim", "8", "--epochs", "1"]
    processes = [
        subprocess.Popen(  # noqa: S603  our own command
            [*command, "--shard", f"{k}/2"], stdout=subprocess.PIPE, text=True
        )
        for k in (1, 2)
    ]
    texts = [process.communicate(timeout=500)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("Pooled out-of-fold" in text for text in texts) >= 1
    assert len(read_predictions(tmp_path / "out/predictions.csv").rows) == 16
    for fold in ("fold0", "fold1", "fold2"):
        assert (tmp_path / "out" / fold / "model.pt").exists()
