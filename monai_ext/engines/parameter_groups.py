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
    head_rate: float,
    encoder_rate: float,
    prompt_rate: float,
) -> list[dict[str, Any]]:
    r"""Groups for an optimiser: decoder, head, the encoder's open part, learned prompts.

    The head has a rate of its own because under Adam a weight moves by about its rate a step. It
    starts at most :math:`1 / \sqrt{c}`, c its input width, so at 0.001 a run of some hundred steps
    cannot make its logits large: where chance gave a class few of the c channels, that class is
    never predicted with confidence, however well it is known.

    Args:
        network: the trained network.
        objective: what else is trained with it, e.g. context vectors of prompts.
        learning_rate: of the decoder.
        head_rate: of the layer that gives the logits.
        encoder_rate: of the encoder.
        prompt_rate: of the objective's parameters.
    """
    inside = {id(p) for p in network.encoder.parameters()}
    inside |= {id(p) for p in network.head.parameters()}
    decoder = [p for p in network.parameters() if id(p) not in inside]
    groups = [
        ("decoder", decoder, learning_rate),
        ("head", list(network.head.parameters()), head_rate),
        ("encoder", list(network.encoder.parameters()), encoder_rate),
        ("prompts", list(objective.parameters()), prompt_rate),
    ]
    found = [
        {"name": name, "params": [p for p in params if p.requires_grad], "lr": float(rate)}
        for name, params, rate in groups
    ]
    return [group for group in found if group["params"]]
