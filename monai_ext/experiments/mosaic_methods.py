"""Methods that are compared on mosaics, simple references first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from monai_ext.experiments.fit_bags import FitSettings, fit_bags, score_bags
from monai_ext.experiments.mosaic_draw import MosaicDraw, region_means, with_regions
from monai_ext.experiments.region_scorer import RegionScorer
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL
from monai_ext.ops.bag_layout import pack_bag

MosaicMethod = Callable[[MosaicDraw, int], Tensor]
"""Draw and seed to the scores of the test mosaics, ``[S]``."""


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
    M2OTCA without and with matching and gradient on m regions; with ``_image`` on whole images.

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
        "m_a": partial(network, partial(_m2otca, settings, is_full=False), m),
        "m2otca": partial(network, partial(_m2otca, settings, is_full=True), m),
        "m_a_image": partial(network, partial(_m2otca, settings, is_full=False), None),
        "m2otca_image": partial(network, partial(_m2otca, settings, is_full=True), None),
    }


def _mean(penalty: float, draw: MosaicDraw, seed: int) -> Tensor:  # noqa: ARG001
    """With one region the log-sum-exp is the mean: plain logistic regression."""
    return _fit_scorer(penalty, draw, *(means.mean(1, keepdim=True) for means in _images(draw)))


def _region_scorer(penalty: float, m: int | None, draw: MosaicDraw, seed: int) -> Tensor:  # noqa: ARG001
    if m is None:
        return _fit_scorer(penalty, draw, *_images(draw))
    cut = [with_regions(part.bags, m) for part in (draw.training, draw.test)]
    return _fit_scorer(penalty, draw, *(region_means(bags, draw.num_levels) for bags in cut))


def _fit_scorer(penalty: float, draw: MosaicDraw, train: Tensor, test: Tensor) -> Tensor:
    return RegionScorer(penalty).fit(train, draw.training.labels).score(test)


def _oracle(penalty: float, draw: MosaicDraw, seed: int) -> Tensor:  # noqa: ARG001
    """Images repeat among mosaics; each counts once in training."""
    train, test = _images(draw)
    alone, labels = train.flatten(0, 1)[:, None], draw.training.truth.flatten()
    first = _first_of_each(alone[:, 0])
    scorer = RegionScorer(penalty).fit(alone[first], labels[first])
    return scorer.region_score(test).amax(1)


def _first_of_each(rows: Tensor) -> Tensor:
    """Index of the first of equal rows."""
    _, number = torch.unique(rows, dim=0, return_inverse=True)
    first = torch.full((int(number.max()) + 1,), len(rows))
    return first.scatter_reduce(0, number, torch.arange(len(rows)), "amin")


def _abmil_on_regions(settings: MosaicSettings, draw: MosaicDraw, seed: int) -> Tensor:
    """The means of images as the instances of a small bag of one level."""
    train, test = (torch.stack([_as_bag(x) for x in means]) for means in _images(draw))
    build = partial(_abmil, settings, (0,), train.shape[1] - 4)
    network = fit_bags(build, train, draw.training.labels, settings.fit, seed)
    return score_bags(network, test, settings.fit.batch_size)


def _network_scores(
    settings: MosaicSettings,
    build: Callable[[int, int, int], nn.Module],
    m: int | None,
    draw: MosaicDraw,
    seed: int,
) -> Tensor:
    """Train a network on m regions, or on whole images."""
    bags = [part.bags for part in (draw.training, draw.test)]
    train, test = bags if m is None else [with_regions(part, m) for part in bags]
    regions = draw.training.truth.shape[1] if m is None else m
    made = partial(build, train.shape[1] - 4, draw.num_levels, regions)
    network = fit_bags(made, train, draw.training.labels, settings.fit, seed)
    return score_bags(network, test, settings.fit.batch_size)


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
    settings: MosaicSettings, width: int, num_levels: int, regions: int, *, is_full: bool
) -> nn.Module:
    return M2OTCA(
        width,
        2,
        m=regions,
        hidden_dim=settings.hidden_dim,
        attention_dim=settings.hidden_dim // 2,
        levels=tuple(range(num_levels)),
        use_ot=is_full,
        use_grad=is_full,
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
