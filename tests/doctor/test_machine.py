"""Versions, GPU and encoders, also of a machine that lacks some of it."""

import platform
from importlib.metadata import version

import pytest
import torch

from monai_ext.doctor import machine
from monai_ext.doctor.machine import encoder_lines, version_lines
from monai_ext.networks.encoders import EncoderCard


def test_versions_are_those_of_the_packages():
    found = version_lines()[0].removeprefix("Versions: ").split(", ")
    assert found[0] == f"python {platform.python_version()}"
    for name in ("monai", "torch", "h5py", "monai-ext"):
        assert f"{name} {version(name)}" in found


def test_missing_package_is_called_so(monkeypatch):
    monkeypatch.setattr(machine, "_LIBRARIES", ("torch", "no-such-package"))
    assert version_lines()[0].endswith(", no-such-package missing")


@pytest.mark.parametrize("count", [0, 2])
def test_gpus_are_counted_and_named(monkeypatch, count):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "H100")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    expected = {
        0: f"GPU: none; {torch.get_num_threads()} threads on the CPU",
        2: "GPU: 2 x H100, CUDA 13.0",
    }
    assert version_lines()[1:] == [expected[count]]


def test_encoder_line_says_what_is_needed_and_what_is_allowed(monkeypatch):
    cards = [
        EncoderCard("a", "", 8, "MIT", commercial_use=True, missing=None),
        EncoderCard("b", "", 9, "CC-BY-NC", commercial_use=False, missing="ask for it"),
    ]
    monkeypatch.setattr(machine, "list_encoders", lambda: cards)
    assert encoder_lines() == [
        "  a (8 wide): at hand; MIT, commercial use allowed",
        "  b (9 wide): ask for it; CC-BY-NC, no commercial use",
    ]
