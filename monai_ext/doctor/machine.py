"""Versions, GPU and encoders of this machine."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from monai_ext.networks.encoders import EncoderCard, list_encoders, list_text_encoders

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


_USE = {
    True: "commercial use allowed",
    False: "no commercial use",
    None: "commercial use depends on them",
}


def encoder_lines() -> list[str]:
    """One line a patch encoder: at hand or what it needs, width, licence, commercial use."""
    return [_encoder_line(card) for card in list_encoders()]


def text_encoder_lines() -> list[str]:
    """One line a text encoder; also which image encoders share its space."""
    return [_encoder_line(card) for card in list_text_encoders()]


def _encoder_line(card: EncoderCard) -> str:
    width = f"{card.embed_dim} wide" if card.embed_dim else "any width"
    partners = f", with images of {' and '.join(card.aligned_with)}" if card.aligned_with else ""
    state = "at hand" if card.missing is None else f"not at hand: {card.missing}"
    use = _USE[card.commercial_use]
    return f"  {card.name} ({width}{partners}): {card.licence}, {use}; {state}"


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} missing"
