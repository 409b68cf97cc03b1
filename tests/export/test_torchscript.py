"""TorchScript files say what they hold, and nothing of the machine they were written on."""

import json
import sys
import zipfile
from pathlib import Path

import torch

import monai_ext
from monai_ext.export.torchscript import to_torchscript, write_torchscript
from monai_ext.networks.encoders import build_patch_encoder


class Branching(torch.nn.Module):
    def forward(self, x, *rest):
        return x * 2


def test_scripted_where_it_can_be_and_traced_else():
    x = torch.ones(2, 3)
    assert isinstance(to_torchscript(torch.nn.ReLU(), x), torch.jit.RecursiveScriptModule)
    traced = to_torchscript(Branching(), x)
    assert isinstance(traced, torch.jit.TopLevelTracedModule)
    assert torch.equal(traced(x + 1), x * 4)


def test_the_file_holds_metadata_and_config_without_paths(tmp_path):
    """Neither those of the config nor those of the source files that PyTorch writes down."""
    folder = tmp_path / "private"
    config = {"bundle_root": str(folder), "ckpt_path": f"{folder}/model.pt", "device": "$cpu"}
    config["encoder_checkpoint"] = f"{folder}/uni.bin"
    path, network = tmp_path / "out.ts", build_patch_encoder("efficientnet_lite0").eval()
    x = 255 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    write_torchscript(to_torchscript(network, x), config, {"version": "0.3.0"}, path)
    with zipfile.ZipFile(path) as archive:
        names = {name.split("/", 1)[1]: name for name in archive.namelist()}
        stored = json.loads(archive.read(names["extra/inference.json"]))
        assert json.loads(archive.read(names["extra/metadata.json"])) == {"version": "0.3.0"}
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert stored == {
        "bundle_root": ".",
        "ckpt_path": "models/model.pt",
        "device": "$cpu",
        "encoder_checkpoint": None,
    }
    for private in (folder, sys.prefix, Path(monai_ext.__file__).parent):
        assert str(private).encode() not in whole
    with torch.inference_mode():
        assert torch.equal(torch.jit.load(str(path))(x), network(x))
