"""Networks of open_clip with weights from a local file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights, renamed

NEEDS = "give model (a name of open_clip.list_models()) and checkpoint (its weights, a local file)"
_HINT = "give weights in open_clip's names of this model; the quickgelu variants are others"


def load_open_clip(model: str | None, checkpoint: str | Path | None, side: str) -> Any:
    """Build a model without weights and fill it strictly; asks no server for anything.

    Args:
        model: a name that open_clip registers.
        checkpoint: its state dict, bare or of a training run.
        side: ``"image"`` or ``"text"``, the tower that will be used.

    Raises:
        SettingError: for an unknown model, one that needs the network, or other weights.
    """
    import open_clip

    if model is None or checkpoint is None:
        raise SettingError("open_clip without model or weights", "both are needed", NEEDS)
    _require_local(model, side)
    with torch.random.fork_rng(devices=[]):
        network: Any = open_clip.create_model(model, pretrained=None, load_weights=False)
    state = renamed(read_weights(checkpoint, NEEDS), lambda key: key.removeprefix("module."))
    load_strictly(network, state, str(checkpoint), _HINT)
    return network


def embed_dim_of(model: str) -> int:
    """Width of a registered model's vectors."""
    import open_clip

    return int((open_clip.get_model_config(model) or {})["embed_dim"])


def _require_local(model: str, side: str) -> None:
    import open_clip

    names = open_clip.list_models()
    if model not in names:
        close = difflib.get_close_matches(model, names, n=3)
        raise SettingError(
            f"model={model!r} is not registered in open_clip",
            "a name of open_clip.list_models(), without hf-hub:",
            f"did you mean {' or '.join(close)}?" if close else "see open_clip.list_models()",
        )
    text = (open_clip.get_model_config(model) or {}).get("text_cfg", {})
    kept_away = ["hf_model_name"] + (["hf_tokenizer_name"] if side == "text" else [])
    if asked := [text[key] for key in kept_away if text.get(key)]:
        raise SettingError(
            f"model={model!r} reads {asked[0]} from the Hugging Face hub",
            "no encoder asks a server for anything",
            "use a model whose text tower is open_clip's own, e.g. ViT-B-32",
        )
