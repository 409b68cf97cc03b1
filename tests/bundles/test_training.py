"""Training, testing and predicting with every trainable bundle, on a small cohort."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from monai_ext.experiments import predict, run_bundle
from monai_ext.hashing import state_hash
from monai_ext.outputs import read_predictions
from monai_ext.testing.zoo.toy_inputs import TOY_BAGS
from tests.bundles.test_contract import BUNDLES, name

TRAINED = [bundle for bundle in BUNDLES if bundle.name.endswith("_classification")]
QUICK = {**TOY_BAGS, "epochs": 6}


def train(bundle, cohort, run, **overrides):
    values = {**QUICK, "datalist": str(cohort / "splits/fold0.json"), "output_dir": str(run)}
    run_bundle(bundle, ["train.json"], workflow_type="train", **{**values, **overrides})


def evaluate(bundle, cohort, run, **overrides):
    values = {**QUICK, "datalist": str(cohort / "splits/fold0.json"), "output_dir": str(run)}
    both = ["train.json", "evaluate.json"]
    run_bundle(bundle, both, workflow_type="train", **{**values, **overrides})


def last(run):
    return state_hash(torch.load(run / "last.pt", weights_only=True)["network"])


def rows(run):
    with (run / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module", params=TRAINED, ids=name)
def bundle(request):
    return request.param


@pytest.fixture(scope="module")
def trained(bundle, toy_cohort, tmp_path_factory):
    run = tmp_path_factory.mktemp(f"{bundle.name} run")
    train(bundle, toy_cohort, run / "run", epochs=20)
    return run / "run"


def test_loss_falls_and_the_run_folder_is_whole(trained):
    losses = [float(row["train_loss"]) for row in rows(trained)]
    assert min(losses[-3:]) < 0.8 * losses[0]
    for needed in ("model.pt", "last.pt", "inference.json", "run.json", "metadata.json"):
        assert (trained / needed).is_file()
    assert list(trained.glob("events.out.tfevents.*"))
    record = json.loads((trained / "run.json").read_text())
    assert record["encoder_id"] == "toy"
    assert record["class_names"] == ["negative", "positive"]


def test_same_seed_same_weights_other_seed_other_weights(bundle, toy_cohort, tmp_path):
    for run, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(bundle, toy_cohort, tmp_path / run, epochs=2, seed=seed)
    assert last(tmp_path / "a") == last(tmp_path / "b") != last(tmp_path / "c")


def test_a_magnification_that_the_features_lack_ends_in_one_line(bundle, toy_cohort, tmp_path):
    reads_one = "level" in json.loads((bundle / "configs/train.json").read_text())
    wanted = {"level": 7} if reads_one else {"levels": [0, 7]}
    with pytest.raises(SystemExit, match="the features of the split have levels") as end:
        train(bundle, toy_cohort, tmp_path / "run", epochs=1, **wanted)
    assert "\n" not in str(end.value)
    assert not (tmp_path / "run/metrics.csv").exists()


def test_resumed_training_equals_the_undisturbed_one(bundle, toy_cohort, tmp_path):
    train(bundle, toy_cohort, tmp_path / "whole")
    script = (
        "import sys, json; from monai_ext.experiments import run_bundle;"
        "run_bundle(sys.argv[1], ['train.json'], workflow_type='train', **json.loads(sys.argv[2]))"
    )
    values = {**QUICK, "datalist": str(toy_cohort / "splits/fold0.json")}
    values["output_dir"] = str(tmp_path / "parts")
    values["train#dataset#transform"] = {
        "_target_": "tests.bundles.slow_transform.Slowed",
        "transform": "@train#preprocessing",
    }
    command = [sys.executable, "-c", script, str(bundle), json.dumps(values)]
    root = Path(__file__).resolve().parents[2]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=root, stderr=quiet) as process:  # noqa: S603
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if (tmp_path / "parts/metrics.csv").exists() and len(rows(tmp_path / "parts")) >= 2:
                break
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert 2 <= len(rows(tmp_path / "parts")) < QUICK["epochs"]
    train(bundle, toy_cohort, tmp_path / "parts", resume="True")
    assert last(tmp_path / "parts") == last(tmp_path / "whole")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")


def test_resume_false_does_not_touch_a_run(bundle, toy_cohort, trained):
    before = last(trained)
    with pytest.raises(SystemExit, match="never overwritten"):
        train(bundle, toy_cohort, trained, resume="false")
    assert last(trained) == before


def test_evaluation_is_on_the_test_part_and_predict_agrees(bundle, toy_cohort, trained, tmp_path):
    evaluate(bundle, toy_cohort, trained)
    tested = read_predictions(trained / "predictions.csv")
    split = json.loads((toy_cohort / "splits/fold0.json").read_text())
    assert [r.slide for r in tested.rows] == sorted(item["slide"] for item in split["test"])
    predict(trained, tmp_path / "out #3", features=toy_cohort / "features")
    found = {r.slide: r for r in read_predictions(tmp_path / "out #3/predictions.csv").rows}
    for row in tested.rows:
        assert found[row.slide].probabilities == pytest.approx(row.probabilities, abs=1e-6)
        assert found[row.slide].provenance == row.provenance


def test_labels_do_not_reach_the_network(bundle, toy_cohort, trained, tmp_path):
    split = json.loads((toy_cohort / "splits/fold0.json").read_text())
    for part in ("training", "validation", "test"):
        for item in split[part]:
            item["image"] = [str((toy_cohort / "splits" / p).resolve()) for p in item["image"]]
    for item in split["test"]:
        item["label"] = 1 - item["label"]
    (tmp_path / "swapped.json").write_text(json.dumps(split))
    evaluate(bundle, toy_cohort, trained)
    before = read_predictions(trained / "predictions.csv").probabilities()
    evaluate(bundle, toy_cohort, trained, datalist=str(tmp_path / "swapped.json"))
    after = read_predictions(trained / "predictions.csv").probabilities()
    assert (before == after).all()


def test_few_shot_split_without_validation_trains_to_the_last_epoch(bundle, toy_cohort, tmp_path):
    split = json.loads((toy_cohort / "splits/fold0.json").read_text())
    for item in [*split["training"], *split["test"]]:
        item["image"] = [str((toy_cohort / "splits" / p).resolve()) for p in item["image"]]
    split["validation"] = []
    (tmp_path / "few.json").write_text(json.dumps(split))
    train(bundle, toy_cohort, tmp_path / "run", datalist=str(tmp_path / "few.json"), epochs=3)
    assert state_hash(torch.load(tmp_path / "run/model.pt", weights_only=True)) == last(
        tmp_path / "run"
    )
    assert len(rows(tmp_path / "run")) == 3


def test_branches_are_part_of_the_loss_if_asked(bundle, toy_cohort, tmp_path):
    if "branch_loss_weight" not in json.loads((bundle / "configs/train.json").read_text()):
        pytest.skip("the method has no branches")
    train(bundle, toy_cohort, tmp_path / "without", epochs=1, dropout=0.0)
    train(bundle, toy_cohort, tmp_path / "with", epochs=1, dropout=0.0, branch_loss_weight=1.0)
    without, with_branches = (rows(tmp_path / name)[0] for name in ("without", "with"))
    assert float(with_branches["train_loss"]) > 1.5 * float(without["train_loss"])
    assert float(with_branches["val_loss"]) < 1.5 * float(without["val_loss"])


def test_padded_batches_train(bundle, toy_cohort, tmp_path):
    train(bundle, toy_cohort, tmp_path, batch_size=3, accumulation_steps=1, epochs=2)
    assert len(rows(tmp_path)) == 2


def test_missing_datalist_is_one_plain_line(bundle, tmp_path):
    with pytest.raises(SystemExit, match=r"absent.json does not exist.*--datalist"):
        run_bundle(
            bundle,
            ["train.json"],
            workflow_type="train",
            datalist=str(tmp_path / "absent.json"),
            output_dir=str(tmp_path / "run"),
        )
    assert "Traceback" in (tmp_path / "run/error.log").read_text()


def test_features_of_another_width_are_refused_by_slide(bundle, toy_cohort, trained, tmp_path):
    config = json.loads((trained / "inference.json").read_text())
    config["in_channels"] = [6, 5, 9]
    (trained / "other.json").write_text(json.dumps(config))
    from monai_ext.experiments import run_config

    with pytest.raises(SystemExit, match=r"features are \[6, 5, 4\] wide.*\[6, 5, 9\]"):
        run_config(
            [trained / "other.json"],
            workflow_type="infer",
            dataset_dir=str(toy_cohort / "features"),
            output_dir=str(tmp_path),
        )
