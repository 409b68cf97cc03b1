"""Parameters and how fast each kind of them learns."""

from __future__ import annotations

from typing import Any

from torch import nn

from monai_ext.networks.nets.transuni import TransUNi


def segmentation_parameters(
    network: TransUNi,
    objective: nn.Module,
    *,
    learning_rate: float,
    encoder_rate: float,
    prompt_rate: float,
) -> list[dict[str, Any]]:
    """Groups for an optimiser: decoder, the encoder's open part, learned prompts.

    Args:
        network: the trained network.
        objective: what else is trained with it, e.g. context vectors of prompts.
        learning_rate: of the decoder.
        encoder_rate: of the encoder.
        prompt_rate: of the objective's parameters.
    """
    inside = {id(p) for p in network.encoder.parameters()}
    decoder = [p for p in network.parameters() if id(p) not in inside]
    groups = [
        ("decoder", decoder, learning_rate),
        ("encoder", list(network.encoder.parameters()), encoder_rate),
        ("prompts", list(objective.parameters()), prompt_rate),
    ]
    found = [
        {"name": name, "params": [p for p in params if p.requires_grad], "lr": float(rate)}
        for name, params, rate in groups
    ]
    return [group for group in found if group["params"]]
