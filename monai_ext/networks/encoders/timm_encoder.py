"""Any network of timm, with weights from a local file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights, renamed

_HINT = "give weights in timm's own names, and arguments as the network had them"
_NEEDS = "give model (a name of timm) and checkpoint (its weights, a local file)"


class TimmEncoder(PatchEncoder):
    """The pooled features of a timm network; asks no server for anything.

    Mean, standard deviation, side and interpolation are those that timm lists for the model and
    its tag, e.g. ``vit_small_patch16_224.dino``; tiles are resized whole, never cropped. The id is
    ``timm_`` and the model's name.

    Args:
        model: a name that timm registers, with or without a tag.
        checkpoint: its state dict in timm's names; a classifier in it is dropped.
        arguments: for the network, e.g. ``{"img_size": 224, "dynamic_img_size": True}``.
        input_px: side to which tiles are resized; None is the model's own.

    Raises:
        SettingError: for an unknown model, or weights that are not those of this network.
    """

    encoder_id = "timm"
    embed_dim = 0
    licence = "that of the given weights"
    commercial_use = None

    def __init__(
        self,
        model: str | None = None,
        checkpoint: str | Path | None = None,
        arguments: Mapping[str, Any] | None = None,
        input_px: int | None = None,
    ) -> None:
        if model is None or checkpoint is None:
            raise SettingError("timm without model or weights", "both are needed", _NEEDS)
        _require_known(model)
        network = _build(model, dict(arguments or {}))
        listed = _listed(network)
        head = _classifiers(network)
        stored = read_weights(checkpoint, _NEEDS)
        state = renamed(stored, lambda key: None if key.startswith(head) else key)
        load_strictly(network, state, str(checkpoint), _HINT)
        super().__init__(
            network,
            [255 * value for value in listed["mean"]],
            [255 * value for value in listed["std"]],
            listed["input_size"][-1] if input_px is None else input_px,
            "bilinear" if listed["interpolation"] == "bilinear" else "bicubic",
        )
        self.encoder_id, self.embed_dim = f"timm_{model}", int(listed["embed_dim"])

    @classmethod
    def missing(cls) -> str | None:
        """What has to be given."""
        return _NEEDS


def _require_known(model: str) -> None:
    import timm

    if ":" not in model and timm.is_model(model):
        return
    close = difflib.get_close_matches(model.split(".", maxsplit=1)[0], timm.list_models(), n=3)
    raise SettingError(
        f"model={model!r} is not registered in timm",
        "a name of timm.list_models(), without hf-hub:",
        f"did you mean {' or '.join(close)}?" if close else "see timm.list_models()",
    )


def _build(model: str, arguments: dict[str, Any]) -> nn.Module:
    import timm

    try:
        with torch.random.fork_rng(devices=[]):
            return timm.create_model(model, pretrained=False, num_classes=0, **arguments)
    except (RuntimeError, TypeError, ValueError) as error:
        raise SettingError(
            f"timm cannot build {model} with {arguments} ({str(error).splitlines()[0][:80]})",
            "arguments are those of the network",
            "change arguments, or leave them out",
        ) from error


def _listed(network: Any) -> dict[str, Any]:
    from timm.data.config import resolve_model_data_config

    return resolve_model_data_config(network) | {"embed_dim": network.num_features}


def _classifiers(network: Any) -> tuple[str, ...]:
    names = network.pretrained_cfg.get("classifier") or ()
    listed = (names,) if isinstance(names, str) else tuple(names)
    own: Mapping[str, Tensor] = network.state_dict()
    heads = (f"{name}." for name in listed)
    return tuple(head for head in heads if not any(key.startswith(head) for key in own))
