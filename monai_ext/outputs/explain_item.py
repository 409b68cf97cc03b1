"""Ask an evaluator's network about one slide."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Protocol

import torch
from ignite.engine import Engine
from monai.networks.utils import eval_mode

from monai_ext.errors import SettingError


class Explaining(Protocol):
    """A network that says what its prediction rests on."""

    def explain(self, bag: torch.Tensor) -> dict[str, torch.Tensor]:
        """At least ``logits [B, C]`` and ``attention [B, N]`` of ``bag [B, 4 + D, N]``."""
        ...


def explaining_network(engine: Engine) -> torch.nn.Module:
    """The evaluator's network, out of its data-parallel shell.

    Raises:
        SettingError: if the evaluator has no network, or it has no ``explain``.
    """
    network = getattr(engine, "network", None)
    network = getattr(network, "module", network)
    if not isinstance(network, torch.nn.Module) or not hasattr(network, "explain"):
        raise SettingError(
            f"{type(engine).__name__} with network {type(network).__name__}",
            "outputs of slides need a network with explain(bag) -> logits, attention",
            "use a network of monai_ext in a SupervisedEvaluator",
        )
    return network


def explain_item(
    engine: Engine, bag: torch.Tensor, names: Sequence[str] = ("logits", "attention")
) -> dict[str, torch.Tensor]:
    """What the network says of one bag [4 + D, N], in the evaluator's precision.

    All comes back without batch axis, as float32 on the CPU. The network is in eval mode meanwhile.

    Args:
        engine: an evaluator.
        bag: of one slide.
        names: entries of ``explain`` asked for.

    Raises:
        SettingError: if the network does not give one of them.
    """
    network = explaining_network(engine)
    device = torch.device(getattr(engine.state, "device", None) or bag.device)
    is_half = bool(getattr(engine, "amp", False)) and device.type == "cuda"
    half = torch.autocast("cuda", **getattr(engine, "amp_kwargs", {})) if is_half else nullcontext()
    explain = getattr(network, "explain")  # noqa: B009 (torch types every attribute as a module)
    with eval_mode(network), half:
        found = explain(bag[None].to(device))
    if missing := [name for name in names if name not in found]:
        raise SettingError(
            f"{type(network).__name__}.explain gives no {', '.join(missing)}",
            "an output is drawn from what the network explains",
            "leave that output out, or use a network that has it",
        )
    return {name: found[name][0].detach().float().cpu() for name in names}
