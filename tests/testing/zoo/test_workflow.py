"""Properties, an epoch and an inference: each fault is found."""

import pytest

from monai_ext.errors import BundleError
from monai_ext.testing.zoo.outcome import NotApplicableError
from monai_ext.testing.zoo.workflow import (
    check_inference,
    check_properties,
    check_training,
    metric_column,
)


def test_epoch_and_inference_of_a_sound_bundle(bag_bundle, tmp_path):
    assert check_training(bag_bundle, tmp_path / "work").startswith("1 epoch, loss 0.")
    assert int(check_inference(bag_bundle, tmp_path / "work").split()[0]) > 16
    assert len(metric_column(tmp_path / "work/run", "val_loss")) == 1


def test_a_missing_property_is_named(bag_bundle, tmp_path, edit):
    def change(content):
        content["train"]["the_trainer"] = content["train"].pop("trainer")
        content["training"] = content["run"] = ["$@train#the_trainer.run()"]

    edit(bag_bundle / "configs/train.json", change)
    with pytest.raises(BundleError, match=r"train.json lacks .*trainer"):
        check_properties(bag_bundle, tmp_path)


def test_a_bundle_without_training_is_not_trained(bag_bundle, tmp_path):
    with pytest.raises(NotApplicableError, match="gave no run"):
        check_inference(bag_bundle, tmp_path)
    (bag_bundle / "configs/train.json").unlink()
    with pytest.raises(NotApplicableError, match=r"no train.json"):
        check_training(bag_bundle, tmp_path)
    assert check_properties(bag_bundle, tmp_path) == "inference"


def test_a_loss_that_is_no_number_is_found(bag_bundle, tmp_path, monkeypatch):
    def write(_configs, *, workflow_type, output_dir, **_values):
        folder = tmp_path / "run"
        folder.mkdir()
        (folder / "metrics.csv").write_text("epoch,train_loss\n1,nan\n")

    monkeypatch.setattr("monai_ext.testing.zoo.workflow.run_config", write)
    with pytest.raises(BundleError, match=r"train_loss is \[nan\]"):
        check_training(bag_bundle, tmp_path)


@pytest.mark.parametrize(
    ("written", "told"),
    [({}, "wrote nothing"), ({"a.png": "", "failed.csv": "slide1,unreadable"}, "unreadable")],
)
def test_an_inference_without_all_results_is_found(
    bag_bundle, tmp_path, monkeypatch, written, told
):
    def write(_configs, *, workflow_type, output_dir, **_values):
        (tmp_path / "predicted").mkdir()
        for name, text in written.items():
            (tmp_path / "predicted" / name).write_text(text)

    monkeypatch.setattr("monai_ext.testing.zoo.workflow.run_config", write)
    (bag_bundle / "configs/train.json").unlink()
    with pytest.raises(BundleError, match=told):
        check_inference(bag_bundle, tmp_path)
