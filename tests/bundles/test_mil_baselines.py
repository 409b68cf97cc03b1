"""Every baseline through the bundle: two epochs, taken up after the first, predictions."""

import shutil

import h5py
import pytest
import torch

from monai_ext.data import find_features, write_splits
from monai_ext.experiments import predict
from monai_ext.networks import MIL_BASELINES
from monai_ext.outputs import read_predictions
from tests.bundles.test_contract import BUNDLES, read
from tests.bundles.test_training import last, rows, train

BUNDLE = next(b for b in BUNDLES if b.name == "pathology_mil_baselines_classification")


def test_configs_name_all_models_and_every_setting_reaches_the_network():
    config = read(BUNDLE / "configs/train.json")
    assert all(name in config["_desc_model"] for name in MIL_BASELINES.names)
    assert read(BUNDLE / "configs/inference.json")["network_def"] == config["network_def"]
    values = set(config["run_files"]["values"])
    assert {v[1:] for k, v in config["network_def"].items() if k != "_target_"} <= values


@pytest.mark.parametrize("model", sorted(MIL_BASELINES.names))
def test_model_trains_resumes_and_predicts(model, toy_cohort, tmp_path):
    few = {"model": model, "epochs": 2}
    train(BUNDLE, toy_cohort, tmp_path / "whole", **few)
    train(BUNDLE, toy_cohort, tmp_path / "parts", **few, **{"train#trainer#max_epochs": 1})
    train(BUNDLE, toy_cohort, tmp_path / "parts", **few, resume="True")
    assert last(tmp_path / "parts") == last(tmp_path / "whole")
    assert len(rows(tmp_path / "whole")) == 2
    predict(tmp_path / "whole", tmp_path / "out", features=toy_cohort / "features")
    found = read_predictions(tmp_path / "out/predictions.csv")
    assert len(found.rows) == 16
    assert found.probabilities().sum(1) == pytest.approx(1)
    assert found.probabilities()[:, 0].std() > 1e-4


@pytest.fixture
def placeless(toy_cohort, tmp_path):
    """The cohort at one level, its files without coordinates, as other tools write them."""
    source = next((toy_cohort / "features").glob("20*"))
    shutil.copytree(source, tmp_path / "cohort/features" / source.name)
    for path in (tmp_path / "cohort/features").rglob("*.h5"):
        with h5py.File(path, "r+") as file:
            del file["coords"]
            file["features"].attrs.clear()
    found = find_features(tmp_path / "cohort/features")
    write_splits(tmp_path / "cohort/splits", toy_cohort / "cohort.csv", found, folds=3, seed=0)
    return tmp_path / "cohort"


def test_features_without_places_train_and_predict(placeless, tmp_path):
    train(BUNDLE, placeless, tmp_path / "run", epochs=1)
    predict(tmp_path / "run", tmp_path / "out", features=placeless / "features")
    assert len(read_predictions(tmp_path / "out/predictions.csv").rows) == 16


def test_regions_need_places(placeless, tmp_path):
    with pytest.raises(SystemExit, match=r"slide '.*grid needs the distance"):
        train(BUNDLE, placeless, tmp_path / "run", epochs=1, model="region_lse")


def test_one_magnification_of_three(toy_cohort, tmp_path):
    train(BUNDLE, toy_cohort, tmp_path / "run", epochs=1, levels=[0], model="clam_sb")
    state = torch.load(tmp_path / "run/model.pt", weights_only=True)
    assert {key.split(".")[0] + key.split(".")[1] for key in state} == {"branches0"}
    assert read(tmp_path / "run/inference.json")["levels"] == [0]
    assert not any("objective" in key or "classifiers" in key for key in state)
    predict(tmp_path / "run", tmp_path / "out", features=toy_cohort / "features")
    assert len(read_predictions(tmp_path / "out/predictions.csv").rows) == 16
