"""Networks that are not what their metadata says, and exports that differ."""

import pytest
import torch

from monai_ext.errors import BundleError
from monai_ext.testing.zoo import network
from monai_ext.testing.zoo.network import check_export, check_forms, check_network


def test_sound_networks_pass(bag_bundle, image_bundle, tmp_path):
    assert check_network(bag_bundle, tmp_path) == "with and without --any"
    assert check_export(bag_bundle, tmp_path).startswith("scripted, differs by")
    assert check_export(image_bundle, tmp_path).startswith("traced, differs by")


def test_other_channels_than_said(bag_bundle, tmp_path, edit):
    def change(content):
        content["network_data_format"]["outputs"]["pred"]["num_channels"] = 5

    edit(bag_bundle / "configs/metadata.json", change)
    with pytest.raises(ValueError, match="output channel number"):
        check_network(bag_bundle, tmp_path)


@pytest.mark.parametrize("logit", [0.5, float("nan")])
def test_an_export_that_differs_is_found(bag_bundle, tmp_path, monkeypatch, logit):
    class Off(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.logit: float = logit

        def forward(self, x):
            return torch.full((1, 2), self.logit)

    def export(_bundle, folder):
        torch.jit.script(Off()).save(str(folder / "model.ts"))
        return "scripted"

    monkeypatch.setattr(network, "_ckpt_export", export)
    with pytest.raises(BundleError, match=r"exported network's output differs by"):
        check_export(bag_bundle, tmp_path)


def test_formats_are_those_of_the_metadata(bag_bundle, tmp_path, edit):
    def change(content):
        content["export_formats"] = ["ts"]

    edit(bag_bundle / "configs/metadata.json", change)
    found = check_forms(bag_bundle, tmp_path)
    assert found.startswith("largest difference of 20 inputs: ts ")
    assert "pt2" not in found
    assert (tmp_path / "model.ts").is_file()


def test_a_network_of_bags_is_never_traced(bag_bundle, tmp_path, monkeypatch):
    def refuse(*_args, **given):
        raise RuntimeError("traced" if given.get("use_trace") else "cannot be scripted")

    monkeypatch.setattr("monai.bundle.ckpt_export", refuse)
    with pytest.raises(RuntimeError, match="cannot be scripted"):
        check_export(bag_bundle, tmp_path)
