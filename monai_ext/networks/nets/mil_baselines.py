"""The usual MIL methods by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any

from monai.utils import ComponentStore
from torch import nn

from monai_ext.networks.blocks.class_attention_branch import ClassAttentionBranch
from monai_ext.networks.blocks.dsmil_branch import DSMILBranch
from monai_ext.networks.blocks.gated_attention_branch import GatedAttentionBranch
from monai_ext.networks.blocks.max_branch import MaxBranch
from monai_ext.networks.blocks.mean_branch import MeanBranch
from monai_ext.networks.blocks.region_lse_branch import RegionLSEBranch
from monai_ext.networks.blocks.simlp_branch import SiMLPBranch
from monai_ext.networks.blocks.transmil_branch import TransMILBranch
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.networks.nets.mean_pool import MeanPoolMIL
from monai_ext.networks.nets.multi_level_mil import MultiLevelMIL

Branch = Callable[..., nn.Module]

MIL_BASELINES = ComponentStore("MIL baselines", "Aggregators of a slide's tile features.")
MIL_BASELINES.add("linear", "linear layer on the mean feature; no hidden layer", MeanPoolMIL)
MIL_BASELINES.add("mean", "embed, mean, linear layer", MeanBranch)
MIL_BASELINES.add("max", "embed, score, the best instance decides", MaxBranch)
MIL_BASELINES.add("simlp", "mean feature, two-layer perceptron (SiMLP, 2025)", SiMLPBranch)
MIL_BASELINES.add("region_lse", "linear score a region, log-sum-exp over regions", RegionLSEBranch)
MIL_BASELINES.add("abmil", "gated attention (Ilse 2018)", GatedAttentionBranch)
MIL_BASELINES.add("clam_sb", "gated attention, clustering loss (Lu 2021)", GatedAttentionBranch)
MIL_BASELINES.add("clam_mb", "an attention a class, clustering loss", ClassAttentionBranch)
MIL_BASELINES.add("transmil", "Nystrom transformer on all instances (Shao 2021)", TransMILBranch)
MIL_BASELINES.add("dsmil", "best instance, and attention to it (Li 2021)", DSMILBranch)

_READS: dict[str, tuple[str, ...]] = {
    "linear": (),
    "mean": ("hidden_dim", "dropout"),
    "max": ("hidden_dim", "dropout", "pooled"),
    "simlp": ("hidden_dim", "dropout"),
    "region_lse": ("m", "temperature"),
    "abmil": ("hidden_dim", "attention_dim", "dropout"),
    "clam_sb": ("hidden_dim", "attention_dim", "dropout"),
    "clam_mb": ("hidden_dim", "attention_dim", "dropout"),
    "transmil": (
        "hidden_dim",
        "dropout",
        "num_heads",
        "num_landmarks",
        "iterations",
        "residual_kernel",
        "project",
        "scale",
        "checkpoint_above",
    ),
    "dsmil": ("hidden_dim", "attention_dim", "dropout", "query", "value", "scaled", "score"),
}
"""Settings that a model reads; the builder takes all of them for every model."""


def build_mil_baseline(
    model: str,
    in_channels: Sequence[int] | int,
    num_classes: int,
    levels: Sequence[int],
    **settings: Any,
) -> MeanPoolMIL | MultiLevelMIL:
    """Build a baseline on one or more levels, so that one key changes the method.

    Args:
        model: one of ``MIL_BASELINES.names``.
        in_channels: width of the features, see :func:`level_channels`.
        num_classes: number of classes.
        levels: levels read, finest first; each gets a branch of its own.
        **settings: of any of the models: ``hidden_dim``, ``attention_dim``, ``dropout``, ``m``
            and the rest of :func:`baseline_settings`. What the model does not read is passed over.

    Returns:
        The network.

    Raises:
        ValueError: for an unknown model or setting, or a setting that is missing.

    Example:
        >>> net = build_mil_baseline("abmil", 8, 2, [0], hidden_dim=4, attention_dim=2, m=30)
        >>> sum(p.numel() for p in net.parameters())
        68
    """
    if model not in MIL_BASELINES:
        raise ValueError(_unknown("model", model, MIL_BASELINES.names))
    known = sorted({name for names in _READS.values() for name in names})
    for name in settings:
        if name not in known:
            raise ValueError(_unknown("setting", name, known))
    if model == "linear":
        return MeanPoolMIL(in_channels, num_classes, levels=levels)
    widths = level_channels(in_channels, levels)
    branch: Branch = MIL_BASELINES[model]
    read = {name: value for name, value in settings.items() if name in _READS[model]}
    try:
        branches = [branch(width, num_classes, **read) for width in widths]
    except TypeError as error:
        raise ValueError(f"model={model} lacks a setting: {error}") from error
    return MultiLevelMIL(branches, in_channels, num_classes, levels=levels)


def baseline_settings(model: str) -> tuple[str, ...]:
    """Settings that a model reads, besides channels, classes and levels."""
    if model not in MIL_BASELINES:
        raise ValueError(_unknown("model", model, MIL_BASELINES.names))
    return _READS[model]


def _unknown(kind: str, name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return f"{kind}={name} is unknown: {hint}use one of {', '.join(known)}"
