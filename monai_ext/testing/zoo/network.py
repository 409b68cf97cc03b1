"""The network of a bundle: what goes in and out of it, and the forms it is exported to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from monai_ext.export import (
    FORMATS,
    ModelFolder,
    export_model,
    find_model,
    input_form,
    require_agreement,
    untrained_network,
)
from monai_ext.testing.zoo.files import read_json

SIZES = (7, 33)
"""Instances of a bag."""
EDGES = (96, 224)
"""px of an image; a network of images is traced with the last."""


def check_network(bundle: Path, _folder: Path) -> str:
    """MONAI's ``verify_net_in_out``, ``*`` of the metadata as 1, its default, and as ``--any 7``.

    Raises:
        ValueError: by MONAI, where channels or type differ from the metadata.
    """
    from monai.bundle import verify_net_in_out

    for size in (1, SIZES[0]):
        verify_net_in_out("network_def", device="cpu", any=size, **_files(bundle))
    return "with and without --any"


def check_export(bundle: Path, folder: Path) -> str:
    """MONAI's ``ckpt_export``; the file is loaded again and gives the network's output.

    It is scripted, or traced where TorchScript has no way to script the network.

    Raises:
        BundleError: if outputs differ by more than 1e-4.
    """
    network, form = untrained_network(bundle / "configs"), input_form(_metadata(bundle))
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / "model.pt")
    manner = _ckpt_export(bundle, folder)
    exported = torch.jit.load(str(folder / "model.ts")).eval()
    rng = torch.Generator().manual_seed(0)
    sizes = EDGES if form.is_image else SIZES
    inputs = [form.example([size] * len(form.sides), rng) for size in sizes]
    return f"{manner}, differs by {require_agreement(exported, network, inputs):.0e}"


def check_forms(bundle: Path, folder: Path) -> str:
    """``python -m monai_ext export`` in every format that the metadata promise.

    Raises:
        BundleError: if a file differs from the network on one of 20 inputs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = _as_trained(bundle, folder)
    found = []
    for form in model.metadata.get("export_formats", FORMATS):
        far = export_model(model, form, folder / f"model.{form}")
        found.append(f"{form} {far:.0e}")
    return f"largest difference of 20 inputs: {', '.join(found)}"


def _as_trained(bundle: Path, folder: Path) -> ModelFolder:
    """The bundle with the weights that its network begins with."""
    weights = folder / "begun.pt"
    if "ckpt_path" not in read_json(bundle / "configs" / "inference.json"):
        return find_model(bundle)
    torch.save(untrained_network(bundle / "configs").state_dict(), weights)
    return ModelFolder(bundle / "configs", weights)


def _ckpt_export(bundle: Path, folder: Path) -> str:
    from monai.bundle import ckpt_export

    where: dict[str, Any] = {
        "filepath": str(folder / "model.ts"),
        "ckpt_file": str(folder / "model.pt"),
    }
    form = input_form(_metadata(bundle))
    try:
        ckpt_export("network_def", **where, **_files(bundle))
    except (RuntimeError, ValueError):  # what torch.jit.script raises where it has no way
        if not form.is_image:
            raise
        shape = [1, form.channels, EDGES[-1], EDGES[-1]]
        ckpt_export("network_def", use_trace=True, input_shape=shape, **where, **_files(bundle))
        return "traced"
    return "scripted"


def _metadata(bundle: Path) -> dict[str, Any]:
    return read_json(bundle / "configs" / "metadata.json")


def _files(bundle: Path) -> dict[str, Any]:
    return {
        "config_file": str(bundle / "configs" / "inference.json"),
        "meta_file": str(bundle / "configs" / "metadata.json"),
        "bundle_root": str(bundle),
    }
