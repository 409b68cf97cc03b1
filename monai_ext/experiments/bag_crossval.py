"""Cross-validation of a method on bags of different lengths in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monai_ext.errors import SettingError
from monai_ext.experiments.bag_methods import BagMethod
from monai_ext.experiments.bag_run import binary_auc, trained
from monai_ext.experiments.fit_bags import FitSettings, score_bags
from monai_ext.experiments.planted_draw import bag_shape
from monai_ext.ops.bag_layout import NUM_INDEX_ROWS, pack_bag, pad_bags

GRID = 7
"""Rows and columns of the patches that UCSB's instances were cut from."""


class CrossvalScores(NamedTuple):
    """Every bag scored once, by a model that has not seen it."""

    pooled_auc: float
    """Of all bags together."""
    mean_auc: float
    """Mean over folds."""
    scores: Tensor
    """``[S]``."""


def cross_validate_bags(
    method: BagMethod,
    bags: Sequence[Tensor],
    labels: Tensor,
    *,
    folds: int,
    fit: FitSettings,
    seed: int,
) -> CrossvalScores:
    """Stratified folds; all that is learnt, standardisation included, is learnt from the others.

    Args:
        method: how to build and train; one that needs no places and no regions.
        bags: ``[4 + D, N_i]`` each.
        labels: ``[S]`` long, 0 or 1.
        folds: number of folds.
        fit: of the training.
        seed: of the folds, and of initialisation, order and dropout in each.

    Raises:
        SettingError: if a class has fewer bags than there are folds.
    """
    scores = torch.zeros(len(bags))
    aucs = []
    for train, test in _folds(labels, folds, seed):
        padded = pad_bags([bags[k] for k in train])
        network = trained(method, bag_shape(padded), padded, labels[train], fit, seed)
        scores[test] = score_bags(network, pad_bags([bags[k] for k in test]), len(test))
        aucs.append(binary_auc(labels[test], scores[test]))
    return CrossvalScores(binary_auc(labels, scores), float(np.mean(aucs)), scores)


def cross_validate_pooled(
    bags: Sequence[Tensor], labels: Tensor, *, folds: int, penalty: float, seed: int
) -> CrossvalScores:
    """The simple baseline: mean, smallest and largest value of each feature, logistic regression.

    Args:
        bags: as in :func:`cross_validate_bags`, like all that follow.
        labels: likewise.
        folds: likewise.
        penalty: C, the inverse of the ridge.
        seed: of the folds.

    Raises:
        SettingError: likewise.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = [bag[NUM_INDEX_ROWS:].double() for bag in bags]
    table = np.stack([torch.cat([x.mean(1), x.amin(1), x.amax(1)]).numpy() for x in rows])
    scores = torch.zeros(len(bags))
    aucs = []
    for train, test in _folds(labels, folds, seed):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=5000))
        model.fit(table[train], labels[train].numpy())
        found = model.predict_proba(table[test])[:, 1]
        scores[test] = torch.from_numpy(found).float()
        aucs.append(binary_auc(labels[test], scores[test]))
    return CrossvalScores(binary_auc(labels, scores), float(np.mean(aucs)), scores)


def read_benchmark(path: Path | str) -> tuple[list[Tensor], Tensor]:
    """Bags and labels of one of the classic benchmarks' ``.npz`` files.

    Instances lie in one row in the order of the file: their places mean nothing, unless
    :func:`has_grid`.

    Args:
        path: with ``instances [N, D]``, ``bag_index [N]`` and ``bag_labels [S]``.

    Returns:
        Bags ``[4 + D, N_i]`` without regions, labels ``[S]`` long.
    """
    with np.load(path, allow_pickle=False) as stored:
        instances = torch.from_numpy(stored["instances"]).float()
        index = torch.from_numpy(stored["bag_index"]).long()
        labels = torch.from_numpy(stored["bag_labels"]).long()
    bags = []
    for number in range(len(labels)):
        own = instances[index == number]
        zero, place = torch.zeros(len(own), dtype=torch.long), torch.arange(len(own))
        bags.append(pack_bag(own, zero, zero, place))
    return bags, labels


def has_grid(bags: Sequence[Tensor], side: int = GRID) -> bool:
    """Whether every bag holds a whole square grid, so that its order could be that of places."""
    return all(bag.shape[1] == side * side for bag in bags)


def _folds(labels: Tensor, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedKFold

    fewest = int(torch.bincount(labels).min())
    if fewest < folds:
        raise SettingError(
            f"folds={folds}, a class has {fewest} bags",
            "every fold tests bags of every class",
            f"give folds={fewest} or fewer",
        )
    cut = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return list(cut.split(np.zeros(len(labels)), labels.numpy()))
