"""The network of a bundle: what goes in and out of it, and its TorchScript."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_ext.errors import BundleError
from monai_ext.testing.zoo.files import read_json

if TYPE_CHECKING:
    import torch

SIZES = (7, 33)
"""Instances of a bag."""
EDGES = (96, 224)
"""px of an image; a network of images is traced with the last."""
TOLERANCE = 1e-4


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
    import torch

    network = network_of(bundle)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / "model.pt")
    manner = _export(bundle, folder)
    exported = torch.jit.load(str(folder / "model.ts")).eval()
    rng = torch.Generator().manual_seed(0)
    far = []
    for size in EDGES if _is_image(bundle) else SIZES:
        x = example_input(bundle, size, rng)
        with torch.inference_mode():
            far.append(float((exported(x) - network(x)).abs().max()))
    if not all(value <= TOLERANCE for value in far):  # so that NaN is a fault too
        told = ", ".join(f"{value:.1e}" for value in far)
        raise BundleError(f"model.ts differs by {told}", f"at most {TOLERANCE}", "mend it")
    return f"{manner}, differs by {max(far):.0e}"


def network_of(bundle: Path) -> torch.nn.Module:
    """``network_def`` of the bundle's ``inference.json``, untrained."""
    from monai.bundle import ConfigParser

    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "inference.json"))
    parser["bundle_root"] = str(bundle)
    return parser.get_parsed_content("network_def").eval()


def example_input(bundle: Path, size: int, rng: torch.Generator) -> torch.Tensor:
    """An input as the metadata describes it, ``*`` being ``size``; a bag has sound places.

    Returns:
        float32 ``[1, channels, *shape]``.
    """
    import torch

    image = _input_of(bundle)
    shape = [size if isinstance(s, str) else s for s in image["spatial_shape"]]
    x = torch.rand(1, image["num_channels"], *shape, generator=rng)
    if _is_image(bundle):
        return x * image["value_range"][1]
    x[:, 0] = torch.randint(0, 3, (1, size), generator=rng).float()
    x[:, 1:3] = torch.randint(0, 9, (1, 2, size), generator=rng).float()
    x[:, 3] = torch.randint(-1, 6, (1, size), generator=rng).float()
    return x


def _export(bundle: Path, folder: Path) -> str:
    from monai.bundle import ckpt_export

    where: dict[str, Any] = {
        "filepath": str(folder / "model.ts"),
        "ckpt_file": str(folder / "model.pt"),
    }
    try:
        ckpt_export("network_def", **where, **_files(bundle))
    except (RuntimeError, ValueError):  # what torch.jit.script raises where it has no way
        if not _is_image(bundle):
            raise
        shape = [1, _input_of(bundle)["num_channels"], EDGES[-1], EDGES[-1]]
        ckpt_export("network_def", use_trace=True, input_shape=shape, **where, **_files(bundle))
        return "traced"
    return "scripted"


def _input_of(bundle: Path) -> dict[str, Any]:
    form = read_json(bundle / "configs" / "metadata.json")["network_data_format"]
    return form["inputs"]["image"]


def _is_image(bundle: Path) -> bool:
    return len(_input_of(bundle)["spatial_shape"]) == 2


def _files(bundle: Path) -> dict[str, Any]:
    return {
        "config_file": str(bundle / "configs" / "inference.json"),
        "meta_file": str(bundle / "configs" / "metadata.json"),
        "bundle_root": str(bundle),
    }
