"""Methods that are compared on mosaics, simple references first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from monai_ext.experiments.bag_methods import BagMethod, BagSettings, BagShape, bag_methods
from monai_ext.experiments.bag_trial import bag_attention, bag_trial
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.mosaic_draw import MosaicDraw, region_means, with_regions
from monai_ext.experiments.region_scorer import RegionScorer
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.ops.bag_layout import pack_bag
from monai_ext.ops.compact_regions import compact_regions


class MosaicScores(NamedTuple):
    """What a method says about S test mosaics of M images."""

    slides: Tensor
    """``[S]``, higher = rather malignant."""
    images: Tensor | None
    """``[S, M]``, how much each image counts; None where a method does not weigh whole images."""
    tiles: Tensor | None = None
    """``[S, n]``, how much each tile of the level read counts, ``n`` in the order of the bag."""


MosaicMethod = Callable[[MosaicDraw, int], MosaicScores]
"""Draw and seed to scores."""


@dataclass(frozen=True)
class MosaicSettings:
    """Settings of all methods, chosen on draws that are not reported.

    Args:
        penalty: inverse strength of the L2 penalty of all linear methods.
        bags: of all networks.
        fit: of all networks.
        fits: of single methods, by name, in place of ``fit``.
    """

    penalty: float
    bags: BagSettings
    fit: FitSettings
    fits: dict[str, FitSettings] = field(default_factory=dict)

    def of(self, name: str) -> FitSettings:
        """Settings of a method's training."""
        return self.fits.get(name, self.fit)


def mosaic_methods(settings: MosaicSettings, m: int) -> dict[str, MosaicMethod]:
    """All methods by name.

    ``mean_logistic``: logistic regression on the mean of all tiles. ``oracle_image``: logistic
    regression of single images, trained with their labels, scored by the best image.
    ``lse_image``, ``lse_m``: :class:`RegionScorer` on the means of whole images, and of m
    compact regions. ``abmil_image``: gated attention over the means of images. All others are
    those of :func:`~monai_ext.experiments.bag_methods.bag_methods`: on m compact regions, and with
    ``_image`` on whole images where a method reads regions; ``abmil_fine`` is ``abmil`` on the
    finest tiles.

    Args:
        settings: of all methods.
        m: regions of the methods that cut the mosaic themselves, blind to its images.
    """
    found: dict[str, MosaicMethod] = {
        "mean_logistic": partial(_mean, settings.penalty),
        "oracle_image": partial(_oracle, settings.penalty),
        "lse_image": partial(_region_scorer, settings.penalty, None),
        "lse_m": partial(_region_scorer, settings.penalty, m),
        "abmil_image": partial(_abmil_on_regions, settings),
    }
    fine = bag_methods(replace(settings.bags, tile_level=0))["abmil"]
    found["abmil_fine"] = partial(_network_scores, settings.of("abmil_fine"), fine, m, 0)
    level = settings.bags.tile_level
    for name, method in bag_methods(settings.bags).items():
        fit, name_image = settings.of(name), f"{name}_image"
        found[name] = partial(_network_scores, fit, method, m, level)
        if method.uses_regions:
            fit = settings.fits.get(name_image, fit)
            found[name_image] = partial(_network_scores, fit, method, None, level)
    return found


def _mean(penalty: float, draw: MosaicDraw, seed: int) -> MosaicScores:  # noqa: ARG001
    """With one region the log-sum-exp is the mean: plain logistic regression."""
    train, test = (means.mean(1, keepdim=True) for means in _images(draw))
    return MosaicScores(RegionScorer(penalty).fit(train, draw.training.labels).score(test), None)


def _region_scorer(
    penalty: float,
    m: int | None,
    draw: MosaicDraw,
    seed: int,  # noqa: ARG001
) -> MosaicScores:
    train, test = _images(draw) if m is None else _cut_means(draw, m)
    scorer = RegionScorer(penalty).fit(train, draw.training.labels)
    return MosaicScores(scorer.score(test), scorer.region_score(test) if m is None else None)


def _cut_means(draw: MosaicDraw, m: int) -> tuple[Tensor, Tensor]:
    """Means of m regions in both parts."""
    parts = (draw.training, draw.test)
    train, test = (with_regions(part.bags, m, compact_regions) for part in parts)
    return region_means(train, draw.num_levels), region_means(test, draw.num_levels)


def _oracle(penalty: float, draw: MosaicDraw, seed: int) -> MosaicScores:  # noqa: ARG001
    """Images repeat among mosaics; each counts once in training."""
    train, test = _images(draw)
    alone, labels = train.flatten(0, 1)[:, None], draw.training.truth.flatten()
    first = _first_of_each(alone[:, 0])
    scores = RegionScorer(penalty).fit(alone[first], labels[first]).region_score(test)
    return MosaicScores(scores.amax(1), scores)


def _first_of_each(rows: Tensor) -> Tensor:
    """Index of the first of equal rows."""
    _, number = torch.unique(rows, dim=0, return_inverse=True)
    first = torch.full((int(number.max()) + 1,), len(rows))
    return first.scatter_reduce(0, number, torch.arange(len(rows)), "amin")


def _abmil_on_regions(settings: MosaicSettings, draw: MosaicDraw, seed: int) -> MosaicScores:
    """The means of images as the instances of a small bag of one level."""
    train, test = (torch.stack([_as_bag(x) for x in means]) for means in _images(draw))
    shape = BagShape(train.shape[1] - 4, 2, (0,), 1)
    method = bag_methods(replace(settings.bags, tile_level=0))["abmil"]
    fit = settings.of("abmil_image")
    trial = bag_trial(
        method, shape, (train, draw.training.labels), test, fit, seed, standardize=False
    )
    attention = bag_attention(trial.network, test, 0, fit.batch_size)
    return MosaicScores(trial.scores, attention)


def _network_scores(
    fit: FitSettings,
    method: BagMethod,
    m: int | None,
    level: int,
    draw: MosaicDraw,
    seed: int,
) -> MosaicScores:
    """Train a network on m regions, or on whole images."""
    bags = [part.bags for part in (draw.training, draw.test)]
    train, test = bags
    if m is not None:
        train, test = (with_regions(part, m, compact_regions) for part in bags)
    regions = draw.training.truth.shape[1] if m is None else m
    shape = BagShape(train.shape[1] - 4, 2, tuple(range(draw.num_levels)), regions)
    given = train, draw.training.labels
    trial = bag_trial(method, shape, given, test, fit, seed, standardize=False)
    size = fit.batch_size
    tiles = bag_attention(trial.network, test, level, size)
    images = _guide_attention(trial.network, test, size) if m is None else None
    return MosaicScores(trial.scores, images, tiles)


def _guide_attention(network: nn.Module, bags: Tensor, batch_size: int) -> Tensor | None:
    """Attention of the finest level on each image, ``[S, M]``; None without regions."""
    with torch.inference_mode():
        explained = [network.explain(part) for part in bags.split(batch_size)]  # pyright: ignore[reportCallIssue]
    if "region_attention" not in explained[0]:
        return None
    guide = network.guide if isinstance(network, M2OTCA) else 0
    return torch.cat([part["region_attention"][:, guide] for part in explained])


def _images(draw: MosaicDraw) -> tuple[Tensor, Tensor]:
    """Means of whole images in both parts, ``[S, M, F]``."""
    train, test = draw.training.bags, draw.test.bags
    return region_means(train, draw.num_levels), region_means(test, draw.num_levels)


def _as_bag(means: Tensor) -> Tensor:
    place = torch.arange(len(means))
    return pack_bag(means, torch.zeros_like(place), torch.zeros_like(place), place)
