"""Versions, GPU and encoders, also of a machine that lacks some of it."""

import platform
from importlib.metadata import version

import pytest
import torch

from monai_ext.doctor import machine
from monai_ext.doctor.machine import encoder_lines, text_encoder_lines, version_lines
from monai_ext.networks.encoders import PATCH_ENCODERS, TEXT_ENCODERS, EncoderCard


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


CARDS = [
    EncoderCard("a", "", 8, "MIT", commercial_use=True, missing=None),
    EncoderCard("b", "", 9, "CC-BY-NC", commercial_use=False, missing="ask for it"),
    EncoderCard("c", "", 0, "its own", commercial_use=None, missing=None, aligned_with=("d", "e")),
]
LINES = [
    "  a (8 wide): MIT, commercial use allowed; at hand",
    "  b (9 wide): CC-BY-NC, no commercial use; not at hand: ask for it",
    "  c (any width, with images of d and e): its own, commercial use depends on them; at hand",
]


def test_encoder_line_says_what_is_needed_and_what_is_allowed(monkeypatch):
    monkeypatch.setattr(machine, "list_encoders", lambda: CARDS)
    monkeypatch.setattr(machine, "list_text_encoders", lambda: CARDS[:1])
    assert encoder_lines() == LINES
    assert text_encoder_lines() == LINES[:1]


def test_every_registered_encoder_has_a_line():
    assert [line.split()[0] for line in encoder_lines()] == list(PATCH_ENCODERS.names)
    assert [line.split()[0] for line in text_encoder_lines()] == list(TEXT_ENCODERS.names)
    gated = next(line for line in encoder_lines() if line.split()[0] == "uni_v1")
    assert "CC-BY-NC-ND-4.0, no commercial use; not at hand: accept the licence" in gated
