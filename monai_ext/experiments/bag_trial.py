"""One method trained and scored on bags in memory."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from monai_ext.engines import fit_standardization
from monai_ext.experiments.bag_methods import BagMethod, BagShape
from monai_ext.experiments.fit_bags import FitSettings, fit_bags, score_bags


class BagTrial(NamedTuple):
    """What a trained method says of S test bags."""

    network: nn.Module
    scores: Tensor
    """``[S]``, log odds of class 1."""


def bag_trial(
    method: BagMethod,
    shape: BagShape,
    training: tuple[Tensor, Tensor],
    test: Tensor,
    settings: FitSettings,
    seed: int,
    *,
    standardize: bool,
) -> BagTrial:
    """Train, score.

    Args:
        method: how to build it, and its objective.
        shape: of the bags.
        training: bags ``[S, 4 + D, N]`` and labels ``[S]``.
        test: bags ``[S, 4 + D, N]``.
        settings: of the training.
        seed: decides initialisation, order and dropout.
        standardize: every feature by the training bags. Right for stored features; principal
            components would be whitened, and the small ones, which are noise, blown up.
    """
    bags, labels = training
    build = partial(_standardized, method, shape, bags)
    network = fit_bags(
        build if standardize else partial(method.build, shape),
        bags,
        labels,
        settings,
        seed,
        partial(method.objective, shape),
    )
    return BagTrial(network, score_bags(network, test, settings.batch_size))


def bag_attention(network: nn.Module, bags: Tensor, level: int, batch_size: int) -> Tensor:
    """Attention on the instances of a level, ``[S, n]``; all bags have one layout."""
    here = bags[0, 0] == level
    with torch.inference_mode():
        parts = [network.explain(part)["attention"] for part in bags.split(batch_size)]  # pyright: ignore[reportCallIssue]
    return torch.cat(parts)[:, here]


def _standardized(method: BagMethod, shape: BagShape, bags: Tensor) -> nn.Module:
    network = method.build(shape)
    fit_standardization(network, bags)  # pyright: ignore[reportArgumentType]
    return network
