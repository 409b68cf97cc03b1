"""A run folder names its bundle, features and settings, and its config runs alone."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments import find_bundle
from monai_ext.outputs import RunFiles, read_run_json
from monai_ext.outputs.run_files import bundle_folder
from monai_ext.testing.toy_cohort import write_toy_features

NAME = "pathology_m2otca_classification"


@pytest.fixture
def files(tmp_path):
    write_toy_features(tmp_path / "features", "one", signal=0, seed=0)
    return sorted((tmp_path / "features").rglob("one.h5"), key=lambda p: -len(p.parts[-3]))


def run_files(files, **values):
    return RunFiles(
        find_bundle(NAME),
        class_names=["low", "high"],
        seed=3,
        split_hash="abc",
        files=files,
        values={"m": 7, **values},
    )


def test_record_names_features_split_and_settings(files, tmp_path):
    run_files(files).write(tmp_path / "run")
    record = read_run_json(tmp_path / "run")
    assert (record.bundle, record.class_names, record.seed) == (NAME, ("low", "high"), 3)
    assert (record.encoder_id, record.weight_hash, record.split_hash) == (
        "toy",
        "toyweights",
        "abc",
    )
    assert record.extra["values"] == {"m": 7}


def test_inference_config_holds_this_runs_values(files, tmp_path):
    run_files(files, use_ot=False).write(tmp_path / "run")
    filled = json.loads((tmp_path / "run/inference.json").read_text())
    assert (filled["m"], filled["use_ot"], filled["class_names"]) == (7, False, ["low", "high"])
    assert filled["ckpt_path"] == str((tmp_path / "run/model.pt").resolve())
    assert (filled["encoder"], filled["can_extract"]) == ("toy", False)


def test_metadata_has_this_runs_width_and_classes(files, tmp_path):
    run_files(files).write(tmp_path / "run")
    form = json.loads((tmp_path / "run/metadata.json").read_text())["network_data_format"]
    assert form["inputs"]["image"]["num_channels"] == 4 + 6
    assert form["outputs"]["pred"]["channel_def"] == {"0": "low", "1": "high"}


def test_value_that_inference_does_not_know_is_refused(files, tmp_path):
    with pytest.raises(SettingError, match="has no no_such_id"):
        run_files(files, no_such_id=1).write(tmp_path / "run")


def test_running_bundle_is_found_on_the_search_path(tmp_path, monkeypatch):
    shutil.copytree(find_bundle(NAME), tmp_path / "copy")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [sys.path[0], str(tmp_path / "copy"), *sys.path[1:]])
    assert bundle_folder(".") == (tmp_path / "copy").resolve()


def test_no_bundle_anywhere_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(SettingError, match="give --bundle_root"):
        bundle_folder(Path("absent"))
