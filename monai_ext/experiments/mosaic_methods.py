"""Methods that are compared on mosaics, simple references first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from monai_ext.experiments.fit_bags import FitSettings, fit_bags, score_bags
from monai_ext.experiments.mosaic_draw import MosaicDraw, region_means, with_regions
from monai_ext.experiments.region_scorer import RegionScorer
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL
from monai_ext.ops.bag_layout import pack_bag


class MosaicScores(NamedTuple):
    """What a method says about S test mosaics of M images."""

    slides: Tensor
    """``[S]``, higher = rather malignant."""
    images: Tensor | None
    """``[S, M]``, how much each image counts; None where a method does not weigh whole images."""


MosaicMethod = Callable[[MosaicDraw, int], MosaicScores]
"""Draw and seed to scores."""


@dataclass(frozen=True)
class MosaicSettings:
    """Settings of all methods, chosen on draws that are not reported.

    Args:
        penalty: inverse strength of the L2 penalty of all linear methods.
        hidden_dim: width of all networks; their attention is half as wide.
        dropout: of all networks.
        fit: of all networks.
        m2otca: further arguments of M2OTCA.
    """

    penalty: float
    hidden_dim: int
    dropout: float
    fit: FitSettings
    m2otca: dict[str, object]


def mosaic_methods(settings: MosaicSettings, m: int) -> dict[str, MosaicMethod]:
    """All methods by name.

    ``mean``: logistic regression on the mean of all tiles. ``oracle_image``: logistic
    regression of single images, trained with their labels, scored by the best image.
    ``lse_image``, ``lse_m``: :class:`RegionScorer` on the means of whole images, and of m
    regions. ``abmil_image``: gated attention over the means of images. ``abmil_fine``,
    ``abmil_levels``: over the finest tiles; over the tiles of every level. ``m_a``, ``m2otca``:
    M2OTCA without and with matching and gradient on m regions; with ``_image`` on whole images,
    there also ``m_b_image``, gradient only, and ``m_c_image``, matching only.

    Args:
        settings: of all methods.
        m: regions of the methods that cut the mosaic themselves, blind to its images.
    """
    network = partial(_network_scores, settings)
    return {
        "mean": partial(_mean, settings.penalty),
        "oracle_image": partial(_oracle, settings.penalty),
        "lse_image": partial(_region_scorer, settings.penalty, None),
        "lse_m": partial(_region_scorer, settings.penalty, m),
        "abmil_image": partial(_abmil_on_regions, settings),
        "abmil_fine": partial(network, partial(_abmil, settings, (0,)), None),
        "abmil_levels": partial(network, partial(_abmil, settings, None), None),
        "m_a": partial(network, partial(_m2otca, settings, ot=False, grad=False), m),
        "m2otca": partial(network, partial(_m2otca, settings, ot=True, grad=True), m),
        "m_a_image": partial(network, partial(_m2otca, settings, ot=False, grad=False), None),
        "m_b_image": partial(network, partial(_m2otca, settings, ot=False, grad=True), None),
        "m_c_image": partial(network, partial(_m2otca, settings, ot=True, grad=False), None),
        "m2otca_image": partial(network, partial(_m2otca, settings, ot=True, grad=True), None),
    }


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
    train, test = (with_regions(part.bags, m) for part in (draw.training, draw.test))
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
    build = partial(_abmil, settings, (0,), train.shape[1] - 4)
    network = fit_bags(build, train, draw.training.labels, settings.fit, seed)
    with torch.inference_mode():
        attention = network.explain(test)["attention"]  # pyright: ignore[reportCallIssue]
    return MosaicScores(score_bags(network, test, settings.fit.batch_size), attention)


def _network_scores(
    settings: MosaicSettings,
    build: Callable[[int, int, int], nn.Module],
    m: int | None,
    draw: MosaicDraw,
    seed: int,
) -> MosaicScores:
    """Train a network on m regions, or on whole images."""
    bags = [part.bags for part in (draw.training, draw.test)]
    train, test = bags if m is None else [with_regions(part, m) for part in bags]
    regions = draw.training.truth.shape[1] if m is None else m
    made = partial(build, train.shape[1] - 4, draw.num_levels, regions)
    network = fit_bags(made, train, draw.training.labels, settings.fit, seed)
    images = _guide_attention(network, test, settings.fit.batch_size) if m is None else None
    return MosaicScores(score_bags(network, test, settings.fit.batch_size), images)


def _guide_attention(network: nn.Module, bags: Tensor, batch_size: int) -> Tensor | None:
    """Attention of the finest level on each image, ``[S, M]``; None without regions."""
    if not isinstance(network, M2OTCA):
        return None
    with torch.inference_mode():
        explained = [network.explain(part) for part in bags.split(batch_size)]
    return torch.cat([part["region_attention"][:, network.guide] for part in explained])


def _abmil(
    settings: MosaicSettings,
    levels: tuple[int, ...] | None,
    width: int,
    num_levels: int = 1,
    regions: int = 0,  # noqa: ARG001
) -> nn.Module:
    return MultiLevelABMIL(
        width,
        2,
        hidden_dim=settings.hidden_dim,
        attention_dim=settings.hidden_dim // 2,
        levels=tuple(range(num_levels)) if levels is None else levels,
        dropout=settings.dropout,
    )


def _m2otca(
    settings: MosaicSettings, width: int, num_levels: int, regions: int, *, ot: bool, grad: bool
) -> nn.Module:
    return M2OTCA(
        width,
        2,
        m=regions,
        hidden_dim=settings.hidden_dim,
        attention_dim=settings.hidden_dim // 2,
        levels=tuple(range(num_levels)),
        use_ot=ot,
        use_grad=grad,
        dropout=settings.dropout,
        **settings.m2otca,  # pyright: ignore[reportArgumentType]
    )


def _images(draw: MosaicDraw) -> tuple[Tensor, Tensor]:
    """Means of whole images in both parts, ``[S, M, F]``."""
    train, test = draw.training.bags, draw.test.bags
    return region_means(train, draw.num_levels), region_means(test, draw.num_levels)


def _as_bag(means: Tensor) -> Tensor:
    place = torch.arange(len(means))
    return pack_bag(means, torch.zeros_like(place), torch.zeros_like(place), place)
