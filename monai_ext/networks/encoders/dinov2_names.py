"""transformers' names of a DINOv2, in timm's."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from monai_ext.networks.encoders.vit_positions import resampled_positions

_OUTSIDE = {
    "embeddings.cls_token": "cls_token",
    "embeddings.position_embeddings": "pos_embed",
    "embeddings.patch_embeddings.projection": "patch_embed.proj",
    "layernorm": "norm",
}
_INSIDE = {
    "attention.output.dense": "attn.proj",
    "layer_scale1.lambda1": "ls1.gamma",
    "layer_scale2.lambda1": "ls2.gamma",
    "mlp.weights_in": "mlp.fc1",
    "mlp.weights_out": "mlp.fc2",
}
_BLOCK = re.compile(r"^encoder\.layer\.(\d+)\.(.+?)(\.weight|\.bias)?$")
_QUERY = re.compile(r"^(.*attention\.attention\.)query(\.weight|\.bias)$")


def in_timm_names(state: Mapping[str, Tensor], side: int) -> dict[str, Tensor]:
    """Rename, put query, key and value into one matrix, and resample positions.

    Args:
        state: as a ``Dinov2Model`` is stored; names that it does not have are kept.
        side: patches a side for which positions are wanted.

    Returns:
        The state dict of timm's VisionTransformer; the mask token is dropped.
    """
    named = {_timm_name(key): tensor for key, tensor in _with_qkv(state).items()}
    named.pop("embeddings.mask_token", None)
    if "pos_embed" in named:
        named["pos_embed"] = resampled_positions(named["pos_embed"], side, "bicubic")
    return named


def _with_qkv(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    merged = dict(state)
    for match in filter(None, map(_QUERY.match, state)):
        stem, kind = match.groups()
        parts = [f"{stem}{part}{kind}" for part in ("query", "key", "value")]
        if all(part in merged for part in parts):
            stacked = torch.cat([merged.pop(part) for part in parts])
            merged[f"{stem.removesuffix('attention.attention.')}attn.qkv{kind}"] = stacked
    return merged


def _timm_name(key: str) -> str:
    if match := _BLOCK.match(key):
        index, name, kind = match.groups()
        return f"blocks.{index}.{_INSIDE.get(name, name)}{kind or ''}"
    stem, dot, kind = key.rpartition(".")
    return f"{_OUTSIDE[stem]}{dot}{kind}" if stem in _OUTSIDE else _OUTSIDE.get(key, key)
