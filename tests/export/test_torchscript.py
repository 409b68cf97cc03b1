"""TorchScript files say what they hold, and nothing of the machine they were written on."""

import json
import zipfile

import pytest
import torch

from monai_ext.export.model_folder import ModelFolder
from monai_ext.export.torchscript import to_torchscript, write_torchscript


class Branching(torch.nn.Module):
    def forward(self, x, *rest):
        return x * 2


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "private"
    folder.mkdir()
    config = {"bundle_root": str(folder), "ckpt_path": f"{folder}/model.pt", "device": "$cpu"}
    (folder / "inference.json").write_text(json.dumps(config))
    (folder / "metadata.json").write_text(json.dumps({"version": "0.3.0"}))
    return ModelFolder(folder, folder / "model.pt")


def test_scripted_where_it_can_be_and_traced_else():
    x = torch.ones(2, 3)
    assert isinstance(to_torchscript(torch.nn.ReLU(), x), torch.jit.RecursiveScriptModule)
    traced = to_torchscript(Branching(), x)
    assert isinstance(traced, torch.jit.TopLevelTracedModule)
    assert torch.equal(traced(x + 1), x * 4)


def test_the_file_holds_metadata_and_config_without_paths(model, tmp_path):
    path = tmp_path / "out.ts"
    write_torchscript(to_torchscript(torch.nn.ReLU(), torch.ones(1)), model, path)
    with zipfile.ZipFile(path) as archive:
        names = {name.split("/", 1)[1]: name for name in archive.namelist()}
        config = json.loads(archive.read(names["extra/inference.json"]))
        assert json.loads(archive.read(names["extra/metadata.json"])) == {"version": "0.3.0"}
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert config == {"bundle_root": ".", "ckpt_path": "models/model.pt", "device": "$cpu"}
    assert b"private" not in whole
