"""Weights of gated networks: from a user's file, or noise in a small stand-in of the same class."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor, nn

from monai_ext.errors import SettingError

if TYPE_CHECKING:
    from monai_ext.networks.encoders.patch_encoder import PatchEncoder
    from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder

PRESETS = ("full", "tiny")
Network = TypeVar("Network", bound=nn.Module)


def on_meta(make: Callable[[], Network]) -> Network:
    """Build a network without memory for its weights and without drawing random numbers."""
    with torch.device("meta"):
        return make()


def require_preset(preset: str, checkpoint: object, name: str, missing: str | None) -> None:
    """Refuse an unknown preset, and the full network without weights.

    Args:
        preset: ``"full"``, or ``"tiny"`` for a stand-in.
        checkpoint: the user's weights; None if not given.
        name: the encoder's.
        missing: how to get its weights.

    Raises:
        SettingError: if it cannot be built.
    """
    if preset not in PRESETS:
        raise SettingError(f"preset={preset!r}", f"one of {', '.join(PRESETS)}", "use full")
    if preset == "full" and checkpoint is None:
        raise SettingError(
            f"{name} without weights", "its weights are a local file", missing or "give checkpoint"
        )


def fill_with_noise(network: nn.Module, seed: int) -> None:
    r"""Give every weight a value of a seeded generator, wherever the network lies.

    Matrices and embeddings :math:`\mathcal{N}(0, 1/\mathrm{fan\_in})`, norms and layer scales 1,
    biases 0: unlike an untrained network's, its outputs depend on the input.

    Args:
        network: without buffers if it is on the ``meta`` device.
        seed: of the generator.
    """
    if any(weight.is_meta for weight in network.parameters()):
        network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            _fill(name, weight, generator)


def mark_stand_in(encoder: PatchEncoder | SentenceEncoder) -> None:
    """Say in the encoder's name, width and licence that it is a small random stand-in."""
    encoder.encoder_id = f"{encoder.encoder_id}_tiny"
    encoder.licence, encoder.commercial_use, encoder.is_stand_in = "Apache-2.0", True, True


def pick_file(path: str | Path, names: tuple[str, ...]) -> Path:
    """The file itself, or the first of ``names`` that a folder holds."""
    given = Path(path)
    found = (given / name for name in names if (given / name).is_file())
    return next(found, given / names[0]) if given.is_dir() else given


def _fill(name: str, weight: Tensor, generator: torch.Generator) -> None:
    if weight.ndim == 0:
        weight.fill_(math.log(1 / 0.07))
    elif weight.ndim > 1 or name.endswith("cls_emb"):
        std = (weight.shape[0] / weight.numel()) ** 0.5
        weight.copy_(torch.randn(weight.shape, generator=generator) * std)
    else:
        weight.fill_(0.0 if name.endswith("bias") else 1.0)
