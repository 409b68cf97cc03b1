"""Versions, GPU and encoders of this machine."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from monai_ext.networks.encoders import list_encoders

_LIBRARIES = (
    "monai-ext",
    "monai",
    "torch",
    "torchvision",
    "numpy",
    "openslide-bin",
    "h5py",
    "timm",
)


def version_lines() -> list[str]:
    """Versions of Python and of what matters, and whether there is a GPU."""
    import torch

    found = [f"python {platform.python_version()}", *(_version(name) for name in _LIBRARIES)]
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name(0)
        gpu = f"GPU: {torch.cuda.device_count()} x {name}, CUDA {torch.version.cuda}"
    else:
        gpu = f"GPU: none; {torch.get_num_threads()} threads on the CPU"
    return ["Versions: " + ", ".join(found), gpu]


def encoder_lines() -> list[str]:
    """One line an encoder: at hand or what it needs, width, licence, commercial use."""
    lines = []
    for card in list_encoders():
        state = "at hand" if card.missing is None else card.missing
        use = "commercial use allowed" if card.commercial_use else "no commercial use"
        lines.append(f"  {card.name} ({card.embed_dim} wide): {state}; {card.licence}, {use}")
    return lines


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} missing"
