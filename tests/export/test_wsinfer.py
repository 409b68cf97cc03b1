"""Folders as WSInfer reads them, and runs that cannot become one."""

import json
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
import torch

import monai_ext
from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export.model_folder import find_model
from monai_ext.export.trained_network import trained_network, untrained_network
from monai_ext.export.wsinfer import write_wsinfer
from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.ops.bag_layout import pack_bag

BUNDLE = find_bundle("pathology_mil_baselines_classification")
VALUES = {"in_channels": [9, 9], "levels": [1], "hidden_dim": 8, "attention_dim": 4}
TRANSFORM = {
    "type": "object",
    "properties": {
        "name": {"enum": ["Resize", "ToTensor", "Normalize"]},
        "arguments": {"type": "object"},
    },
    "required": ["name"],
    "additionalProperties": False,
}
RULES = {
    "required": [
        "spec_version",
        "architecture",
        "num_classes",
        "patch_size_pixels",
        "spacing_um_px",
        "class_names",
        "transform",
    ],
    "properties": {
        "spec_version": {"enum": ["1.0"]},
        "architecture": {"type": "string"},
        "num_classes": {"type": "integer", "minimum": 1},
        "patch_size_pixels": {"type": "integer", "minimum": 1},
        "spacing_um_px": {"type": "number", "minimum": 0},
        "class_names": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "transform": {"type": "array", "items": TRANSFORM},
    },
}
"""What wsinfer-zoo asks of ``config.json`` (model-config.schema.json, version 1.0)."""


@pytest.fixture
def run(tmp_path):
    """A run on features of the tiny encoder at 1 um a pixel."""
    folder = tmp_path / "run"
    folder.mkdir()
    config = json.loads((BUNDLE / "configs/inference.json").read_text()) | VALUES
    (folder / "inference.json").write_text(json.dumps(config))
    network = untrained_network(BUNDLE / "configs", VALUES)
    torch.save(network.state_dict(), folder / "model.pt")
    record = {
        "bundle": BUNDLE.name,
        "class_names": ["benign", "malignant"],
        "grid": {"mpps": [0.5, 1.0], "tile_px": 64},
        "encoder_id": "tiny",
        "weight_hash": build_patch_encoder("tiny", embed_dim=9).weight_hash,
        "extra": {"widths": [9, 9]},
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def change(run, name, **values):
    path = run / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_script_and_config_are_those_of_the_run(run, tmp_path, rng):
    out = tmp_path / "wsinfer"
    assert write_wsinfer(find_model(run), out, {"embed_dim": 9}) < 1e-4
    assert sorted(p.name for p in out.iterdir()) == ["config.json", "torchscript_model.pt"]
    config = json.loads((out / "config.json").read_text())
    jsonschema.validate(config, RULES)
    assert (config["patch_size_pixels"], config["spacing_um_px"]) == (64, 1.0)
    assert config["class_names"] == ["benign", "malignant"]
    script = torch.jit.load(str(out / "torchscript_model.pt"))
    tiles = torch.rand(3, 3, 64, 64, generator=rng)
    features = build_patch_encoder("tiny", embed_dim=9)(tiles * 255)
    network = trained_network(find_model(run))
    for vector, logits in zip(features, script(tiles), strict=True):
        one, zero = torch.tensor([1]), torch.tensor([0])
        bag = pack_bag(vector[None], one, zero, zero, zero)
        torch.testing.assert_close(logits, network(bag[None])[0], rtol=1e-4, atol=1e-5)


def test_equal_runs_give_equal_bytes(run, tmp_path):
    written = []
    for name in ("a", "b"):
        write_wsinfer(find_model(run), tmp_path / name, {"embed_dim": 9})
        written.append((tmp_path / name / "torchscript_model.pt").read_bytes())
    assert written[0] == written[1]


def test_several_magnifications_are_no_tile(run, tmp_path):
    change(run, "inference.json", levels=[0, 1])
    with pytest.raises(SettingError, match=r"reads magnifications \[0, 1\]"):
        write_wsinfer(find_model(run), tmp_path)


def test_a_network_that_names_its_one_level_is_one(run, tmp_path):
    """SRMIL and Libra-MIL record all levels of the features and the level that they read."""
    config = json.loads((run / "inference.json").read_text())
    network = config["network_def"] | {"levels": "$[@level]"}
    change(run, "inference.json", levels=[0, 1], level=1, network_def=network)
    assert write_wsinfer(find_model(run), tmp_path, {"embed_dim": 9}) < 1e-4
    assert json.loads((tmp_path / "config.json").read_text())["spacing_um_px"] == 1.0


def test_an_unknown_argument_of_the_encoder_is_one_line(run, tmp_path):
    with pytest.raises(SettingError, match=r"encoder tiny: .*embed_dimm"):
        write_wsinfer(find_model(run), tmp_path, {"embed_dimm": 9})


def test_the_script_names_no_source_file(run, tmp_path):
    write_wsinfer(find_model(run), tmp_path, {"embed_dim": 9})
    with zipfile.ZipFile(tmp_path / "torchscript_model.pt") as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert sys.prefix.encode() not in whole
    assert str(Path(monai_ext.__file__).parent).encode() not in whole


def test_other_weights_of_the_encoder_are_refused(run, tmp_path):
    with pytest.raises(SettingError, match=r"features of this run were made with"):
        write_wsinfer(find_model(run), tmp_path, {"embed_dim": 9, "seed": 1})
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize("lacks", [{"grid": {}}, {"encoder_id": None}, {"weight_hash": None}])
def test_features_of_unknown_making_are_refused(run, tmp_path, lacks):
    change(run, "run.json", **lacks)
    with pytest.raises(SettingError, match="does not say which encoder and tiles"):
        write_wsinfer(find_model(run), tmp_path)
    (run / "run.json").unlink()
    with pytest.raises(SettingError, match=r"run\.json is missing"):
        write_wsinfer(find_model(run), tmp_path)
