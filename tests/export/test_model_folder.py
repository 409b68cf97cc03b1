"""Where configs and weights are found, and what is said where they are not."""

import json

import pytest

from monai_ext.errors import SettingError
from monai_ext.export.model_folder import find_model


def write(folder, config, *, weights=True, names=("", "")):
    configs, shelf = (folder / name for name in names)
    configs.mkdir(parents=True, exist_ok=True)
    shelf.mkdir(parents=True, exist_ok=True)
    (configs / "inference.json").write_text(json.dumps(config))
    if weights:
        (shelf / "model.pt").touch()
    return folder


def test_run_and_bundle(tmp_path):
    run = find_model(write(tmp_path / "run", {"a": 1}))
    assert (run.configs, run.weights) == (tmp_path / "run", tmp_path / "run/model.pt")
    assert run.inference == {"a": 1}
    bundle = find_model(write(tmp_path / "b", {}, names=("configs", "models")))
    assert (bundle.configs, bundle.weights) == (
        tmp_path / "b/configs",
        tmp_path / "b/models/model.pt",
    )


def test_a_network_that_brings_its_weights_needs_no_file(tmp_path):
    folder = write(tmp_path / "b", {}, weights=False, names=("configs", "models"))
    assert find_model(folder).weights is None


def test_an_untrained_bundle_and_other_folders_are_named(tmp_path):
    config = {"ckpt_path": "models/model.pt"}
    folder = write(tmp_path / "b", config, weights=False, names=("configs", "models"))
    with pytest.raises(SettingError, match=r"b has no models/model\.pt\. Rule: a run folder is"):
        find_model(folder)
    with pytest.raises(SettingError, match=r"has no inference\.json and no model\.pt"):
        find_model(tmp_path)


def test_missing_metadata_are_told_when_they_are_asked_for(tmp_path):
    model = find_model(write(tmp_path / "run", {}))
    with pytest.raises(SettingError, match=r"metadata\.json is missing"):
        _ = model.metadata
    (tmp_path / "run/metadata.json").write_text('{"version": "0.1.0"}')
    assert model.metadata == {"version": "0.1.0"}
