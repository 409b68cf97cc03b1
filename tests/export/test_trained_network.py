"""Networks out of folders: strict weights, known overrides."""

import json

import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.export.model_folder import find_model
from monai_ext.export.trained_network import trained_network

pytestmark = pytest.mark.usefixtures("trusted")  # a plain layer stands for a network
CONFIG = {
    "bundle_root": ".",
    "width": 3,
    "network_def": {"_target_": "torch.nn.Linear", "in_features": "@width", "out_features": 2},
}


@pytest.fixture
def model(tmp_path):
    (tmp_path / "inference.json").write_text(json.dumps(CONFIG))
    torch.save(torch.nn.Linear(3, 2).state_dict(), tmp_path / "model.pt")
    return find_model(tmp_path)


def test_weights_are_the_files(model):
    stored = torch.load(model.weights, weights_only=True)
    network = trained_network(model)
    assert torch.equal(network.weight, stored["weight"])
    assert not network.training
    torch.save({"model": {k: 2 * v for k, v in stored.items()}}, model.weights)
    assert torch.equal(trained_network(model).weight, 2 * stored["weight"])


def test_other_shapes_and_ids_are_refused(model):
    with pytest.raises(SettingError, match=r"model\.pt does not fit its network \(.*size mismatch"):
        trained_network(model, {"width": 4})
    with pytest.raises(SettingError, match="has no breadth"):
        trained_network(model, {"breadth": 4})


def test_bundle_root_is_the_bundles_folder_and_a_runs_own(model, tmp_path):
    config = CONFIG | {"width": "$3 if @bundle_root == '.' else 5"}
    model.configs.joinpath("inference.json").write_text(json.dumps(config))
    assert trained_network(model).in_features == 3
    (tmp_path / "configs").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "inference.json").rename(tmp_path / "configs/inference.json")
    torch.save(torch.nn.Linear(5, 2).state_dict(), tmp_path / "models/model.pt")
    assert trained_network(find_model(tmp_path)).in_features == 5
