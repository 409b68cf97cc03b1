"""One method trained on one draw of bags in memory, and what came of it."""

from __future__ import annotations

import time
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from monai_ext.engines.standardization import fit_standardization
from monai_ext.experiments.bag_methods import BagMethod, BagShape
from monai_ext.experiments.fit_bags import FitSettings, fit_bags, score_bags
from monai_ext.experiments.metrics import area_under_roc
from monai_ext.experiments.mosaic_scores import tile_auc
from monai_ext.experiments.planted_draw import PlantedDraw, PlantedPart

SCORING_BATCH = 50


class BagRun(NamedTuple):
    """Numbers of a run."""

    train_auc: float
    """Of the training bags, after training."""
    auc: float
    """Of the test bags."""
    tiles: float
    """How well attention finds the planted instances of positive test bags; nan without any."""
    seconds: float
    """Of the processor, for training and scoring."""


def run_on_draw(method: BagMethod, draw: PlantedDraw, fit: FitSettings, seed: int) -> BagRun:
    """Train and score; features are standardised by the training bags.

    Args:
        method: how to build and train.
        draw: both parts.
        fit: of the training.
        seed: of initialisation, order and dropout.
    """
    start = time.process_time()
    network = trained(method, draw.shape, draw.training.bags, draw.training.labels, fit, seed)
    train_auc, auc = (
        binary_auc(part.labels, score_bags(network, part.bags, SCORING_BATCH))
        for part in (draw.training, draw.test)
    )
    found = _found(network, draw.test)
    return BagRun(train_auc, auc, found, time.process_time() - start)


def trained(
    method: BagMethod,
    shape: BagShape,
    bags: Tensor,
    labels: Tensor,
    fit: FitSettings,
    seed: int,
) -> nn.Module:
    """A network in evaluation mode, its features standardised by the bags it is trained on.

    Args:
        method: how to build and train.
        shape: of the bags.
        bags: ``[S, 4 + D, N]``, padded or not.
        labels: ``[S]`` long.
        fit: of the training.
        seed: of initialisation, order and dropout.
    """

    def build() -> nn.Module:
        network = method.build(shape)
        fit_standardization(network, bags)  # pyright: ignore[reportArgumentType]
        return network

    return fit_bags(build, bags, labels, fit, seed, partial(method.objective, shape))


def binary_auc(labels: Tensor, scores: Tensor) -> float:
    """Area under the ROC curve of scores that are higher for class 1."""
    values = scores.double().numpy()
    two = np.stack([-values, values], axis=1)
    return float(area_under_roc(labels.numpy(), two, np.ones((1, len(values))))[0])


def _found(network: nn.Module, part: PlantedPart) -> float:
    """Attention against the truth, among the instances of the truth's level, where all differ."""
    positive = part.truth.any(1)
    bags, truth = part.bags[positive], part.truth[positive]
    if not len(bags) or not hasattr(network, "explain"):
        return float("nan")
    with torch.inference_mode():
        explained = [network.explain(few) for few in bags.split(SCORING_BATCH)]  # pyright: ignore[reportCallIssue]
    attention = torch.cat([few["attention"] for few in explained])
    level = bags[:, 0]
    own = level == level[truth][0]
    each = [tile_auc(a[i][None], t[i][None]) for a, t, i in zip(attention, truth, own, strict=True)]
    return float(np.nanmean(each))
