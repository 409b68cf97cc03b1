"""A file has its name only if it says what the network says."""

import json
import sys
import zipfile

import pytest
import torch

from monai_ext.errors import BundleError, SettingError
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export.export_model import export_model
from monai_ext.export.model_folder import find_model

pytestmark = pytest.mark.usefixtures("trusted")  # the networks are the tests' own
CONFIG = {
    "width": 6,
    "network_def": {"_target_": "tests.export.toy_network.MeanOfBag", "width": "@width"},
}
METADATA = {
    "name": "Toy",
    "version": "0.1.0",
    "export_formats": ["ts", "pt2"],
    "network_data_format": {
        "inputs": {"image": {"num_channels": 10, "spatial_shape": ["*"], "value_range": []}}
    },
}


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "inference.json").write_text(json.dumps(CONFIG))
    (folder / "metadata.json").write_text(json.dumps(METADATA))
    torch.save(torch.nn.Linear(6, 2).state_dict(), folder / "weights.pt")
    stored = {f"head.{k}": v for k, v in torch.nn.Linear(6, 2).state_dict().items()}
    torch.save(stored, folder / "model.pt")
    return find_model(folder)


@pytest.mark.parametrize(
    ("form", "load"),
    [("ts", torch.jit.load), ("pt2", lambda path: torch.export.load(path).module())],
)
def test_files_hold_the_trained_network(model, tmp_path, form, load, rng):
    path = tmp_path / f"model.{form}"
    assert export_model(model, form, path) < 1e-4
    head = torch.load(model.weights, weights_only=True)
    bag = torch.rand(1, 10, 5, generator=rng)
    wanted = bag[:, 4:].mean(2) @ head["head.weight"].T + head["head.bias"]
    torch.testing.assert_close(load(str(path))(bag), wanted)


def test_the_inner_folder_of_torchscript_has_the_files_name(model, tmp_path):
    export_model(model, "ts", tmp_path / "lung.ts")
    with zipfile.ZipFile(tmp_path / "lung.ts") as archive:
        read = archive.read("lung/extra/metadata.json")  # where MONAI Deploy looks, and only there
    assert json.loads(read)["version"] == METADATA["version"]


def test_a_program_carries_the_metadata(model, tmp_path):
    export_model(model, "pt2", tmp_path / "model.pt2")
    extra = {"metadata.json": ""}
    torch.export.load(tmp_path / "model.pt2", extra_files=extra)
    assert json.loads(extra["metadata.json"])["name"] == METADATA["name"]


def test_formats_that_are_not_promised_are_refused(model, tmp_path):
    with pytest.raises(SettingError, match=r"--format onnx\. Rule: Toy has ts, pt2"):
        export_model(model, "onnx", tmp_path / "model.onnx")


def test_a_file_that_differs_gets_no_name(model, tmp_path, monkeypatch):
    other = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(2))
    other(torch.rand(1, 10, 1))
    room = sys.modules["monai_ext.export.export_model"]  # the package has a function of that name
    monkeypatch.setattr(room, "to_torchscript", lambda *_: torch.jit.script(other))
    with pytest.raises(BundleError, match="exported network's output"):
        export_model(model, "ts", tmp_path / "out/model.ts")
    assert not list((tmp_path / "out").iterdir())


def test_a_network_without_a_program_says_why(model, tmp_path):
    config = CONFIG | {"network_def": {"_target_": "tests.export.toy_network.ByValue"}}
    model.configs.joinpath("inference.json").write_text(json.dumps(config))
    torch.save({}, model.weights)
    with pytest.raises(SettingError, match=r"ByValue with these .* has no pt2: .+--format ts"):
        export_model(model, "pt2", tmp_path / "model.pt2")


def test_a_file_tells_of_its_own_network(tmp_path):
    """Overrides stand in the config, the width and sides of what was made in the metadata."""
    bundle = find_model(find_bundle("pathology_tile_feature_extraction"))
    values = {"encoder": "tiny", "tile_px": 64}
    for form in ("ts", "pt2"):
        export_model(bundle, form, tmp_path / f"model.{form}", values)
    with zipfile.ZipFile(tmp_path / "model.ts") as archive:
        config = json.loads(archive.read("model/extra/inference.json"))
        metadata = json.loads(archive.read("model/extra/metadata.json"))
    assert (config["encoder"], config["tile_px"]) == ("tiny", 64)
    extra = {"metadata.json": ""}
    torch.export.load(tmp_path / "model.pt2", extra_files=extra)
    assert json.loads(extra["metadata.json"]) == metadata
    form = metadata["network_data_format"]
    assert form["inputs"]["image"]["spatial_shape"] == [64, 64]
    assert form["outputs"]["pred"]["num_channels"] == 16
    with zipfile.ZipFile(tmp_path / "model.pt2") as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert sys.prefix.encode() not in whole


def test_overrides_are_ids_of_the_config(model, tmp_path):
    with pytest.raises(SettingError, match="does not fit its network"):
        export_model(model, "ts", tmp_path / "model.ts", {"width": 5})
