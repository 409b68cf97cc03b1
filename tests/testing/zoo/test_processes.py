"""Two processes that do not train as one are found."""

import json
import shutil

import pytest

from monai_ext.errors import BundleError
from monai_ext.testing.zoo import processes
from monai_ext.testing.zoo.outcome import NotApplicableError
from monai_ext.testing.zoo.processes import check_processes


def alone(bundle, values, folder):
    """One process with its own share: what two are without any exchange."""
    config = bundle / "configs/train.json"
    processes.run_config([config], workflow_type="train", **values)


def test_processes_that_exchange_nothing_are_found(bag_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_run_two", alone)
    with pytest.raises(BundleError, match=r"(train|val)_loss of two processes differs by"):
        check_processes(bag_bundle, tmp_path / "work")


def shorter(text):
    return "\n".join(text.splitlines()[:-1]) + "\n"


def no_number(text):
    head, *rows = text.splitlines()
    place = head.split(",").index("train_loss")
    last = rows[-1].split(",")
    last[place] = "nan"
    return "\n".join([head, *rows[:-1], ",".join(last)]) + "\n"


@pytest.mark.parametrize("spoil", [shorter, no_number])
def test_runs_that_cannot_be_compared_are_found(bag_bundle, tmp_path, monkeypatch, spoil):
    def spoilt(bundle, values, folder):
        alone(bundle, values | {"accumulation_steps": 2}, folder)
        table = folder / "two" / "metrics.csv"
        table.write_text(spoil(table.read_text()))

    monkeypatch.setattr(processes, "_run_two", spoilt)
    with pytest.raises(BundleError, match="differs by inf"):
        check_processes(bag_bundle, tmp_path / "work")


def test_processes_that_fail_say_why(bag_bundle, tmp_path):
    config = bag_bundle / "configs/multi_gpu_train.json"
    content = json.loads(config.read_text())
    content["processes"] = {"_target_": "monai_ext.engines.NoSuchThing"}
    config.write_text(json.dumps(content))
    with pytest.raises(BundleError, match="NoSuchThing"):
        check_processes(bag_bundle, tmp_path / "work")


def test_a_bundle_for_one_process_is_told(bag_bundle, tmp_path):
    (bag_bundle / "configs/multi_gpu_train.json").unlink()
    with pytest.raises(NotApplicableError, match=r"no multi_gpu_train.json"):
        check_processes(shutil.copytree(bag_bundle, tmp_path / "copy"), tmp_path / "work")
