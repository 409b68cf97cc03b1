"""Methods by name, as what it takes to build and train them on bags in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn

from monai_ext.engines.joint_reconstruction import JointReconstruction
from monai_ext.experiments.fit_bags import CrossEntropyObjective
from monai_ext.losses import build_mil_objective
from monai_ext.networks.nets.libra_mil import LibraMIL
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.mil_baselines import build_mil_baseline
from monai_ext.networks.nets.srmil import SRMIL


class BagShape(NamedTuple):
    """What a network has to know of the bags."""

    width: int
    """D."""
    num_classes: int
    """C."""
    levels: tuple[int, ...]
    """Levels of the bags, finest first."""
    regions: int
    """Regions of the bags' region row."""


@dataclass(frozen=True)
class BagSettings:
    """Settings that all methods share.

    Args:
        hidden_dim: width of all networks; attention is half as wide.
        dropout: of all networks.
        tile_level: the level that methods of one level read.
        text: instance and class embeddings ``[K_t, E]``, ``[C, E]`` for Libra-MIL; None: it
            starts from random unit vectors.
        options: further arguments of the network by method, over those of the registry.
        training: arguments of the training objective by method, where it has one.
    """

    hidden_dim: int
    dropout: float
    tile_level: int = 0
    text: tuple[Tensor, Tensor] | None = None
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    training: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class BagMethod:
    """How to build a network, and what to train it by.

    Args:
        build: gives the network for bags of a shape.
        objective: gives the training objective for such a network.
        uses_regions: reads the region row; the others look past it.
    """

    build: Callable[[BagShape], nn.Module]
    objective: Callable[[BagShape], nn.Module] = lambda _: CrossEntropyObjective()
    uses_regions: bool = False


_BASELINES = ("mean", "max", "linear", "simlp", "abmil", "clam_sb", "clam_mb", "transmil", "dsmil")
_SMOOTH = {
    "encoder": "gcn",
    "layers": 1,
    "residual": "none",
    "reformer": "identity",
    "readout": "attention",
}
_SRMIL: dict[str, dict[str, Any]] = {
    "srmil": {},
    "srmil_shuffled": {"spatial": "shuffled"},
    "srmil_none": {"spatial": "none"},
    "srmil_attention": {"readout": "attention"},
    "srmil_gcn": {"readout": "attention", "encoder": "gcn"},
    "srmil_gcn1": {"readout": "attention", "encoder": "gcn", "layers": 1},
    "srmil_smooth": _SMOOTH,
    "srmil_smooth_shuffled": {**_SMOOTH, "spatial": "shuffled"},
    "srmil_lse": {"readout": "lse"},
    "srmil_lse_shuffled": {"readout": "lse", "spatial": "shuffled"},
}
_M2OTCA: dict[str, dict[str, Any]] = {
    "m2otca": {},
    "m_a": {"use_ot": False, "use_grad": False},
    "m_b": {"use_ot": False},
    "m_c": {"use_grad": False},
    "m2otca_fine": {"levels": "tile"},
    "m2otca_mean": {"region_pool": "mean"},
    "m2otca_lse": {"region_head": "lse"},
}
_LIBRA: dict[str, dict[str, Any]] = {
    "libra": {},
    "libra_random": {"instance_priors": "random", "bag_query": "learnable"},
    "libra_sum": {"fusion": "sum"},
    "libra_none": {"fusion": "none"},
    "libra_query": {"bag_query": "learnable"},
    "libra_residual": {"query_residual": True},
}


def bag_methods(settings: BagSettings) -> dict[str, BagMethod]:
    """All methods by name.

    Baselines are those of :data:`~monai_ext.networks.MIL_BASELINES` on one level, with
    ``_levels`` on all. ``srmil`` is the published form, ``_shuffled`` and ``_none`` its controls,
    ``_lse`` reads out by log-sum-exp, ``_smooth`` is gated attention over means of 5 x 5 tiles, and
    ``_attention``, ``_gcn``, ``_gcn1`` are the steps towards it from the published form.
    ``m2otca_lse`` likewise, ``m2otca_mean`` has no attention within regions; ``m_a`` has neither
    matching nor gradient, ``m_b`` gradient only, ``m_c`` matching only. ``libra_random`` has no
    text, ``libra_sum`` the plain sum of similarities, ``libra_none`` no prototypes, ``libra_query``
    learned queries in place of class texts, ``libra_residual`` a head that sees the query.
    """
    methods = {name: _baseline(settings, name, is_multi=False) for name in _BASELINES}
    methods["region_lse"] = _baseline(settings, "region_lse", is_multi=False)
    for name in ("mean", "abmil", "clam_sb", "region_lse"):
        methods[f"{name}_levels"] = _baseline(settings, name, is_multi=True)
    for name, given in _SRMIL.items():
        options = {**given, **settings.options.get(name, {})}
        training = settings.training.get(name, {})
        objective = partial(_reconstruction, settings, training)
        methods[name] = BagMethod(partial(_srmil, settings, options), objective)
    for name, given in _M2OTCA.items():
        options = {**given, **settings.options.get(name, {})}
        methods[name] = BagMethod(partial(_m2otca, settings, options), uses_regions=True)
    for name, given in _LIBRA.items():
        options = {**given, **settings.options.get(name, {})}
        methods[name] = BagMethod(partial(_libra, settings, options))
    return methods


def _baseline(settings: BagSettings, name: str, *, is_multi: bool) -> BagMethod:
    key = f"{name}_levels" if is_multi else name
    options = settings.options.get(key, {})

    def build(shape: BagShape) -> nn.Module:
        levels = shape.levels if is_multi else (settings.tile_level,)
        values: dict[str, Any] = {
            "hidden_dim": settings.hidden_dim,
            "attention_dim": settings.hidden_dim // 2,
            "dropout": settings.dropout,
            "m": shape.regions,
            **options,
        }
        return build_mil_baseline(name, shape.width, shape.num_classes, levels, **values)

    def objective(shape: BagShape) -> nn.Module:
        return build_mil_objective(
            name,
            nn.CrossEntropyLoss(),
            num_classes=shape.num_classes,
            num_levels=len(shape.levels) if is_multi else 1,
            hidden_dim=settings.hidden_dim,
            **settings.training.get(key, {}),
        )

    return BagMethod(build, objective, uses_regions=name == "region_lse")


def _srmil(settings: BagSettings, options: dict[str, Any], shape: BagShape) -> nn.Module:
    values = {
        "heads": 4,
        "head_dim": settings.hidden_dim // 4,
        "classifier_dim": settings.hidden_dim,
        "dropout": settings.dropout,
        **options,
    }
    return SRMIL(shape.width, shape.num_classes, levels=[settings.tile_level], **values)


def _reconstruction(settings: BagSettings, training: dict[str, Any], shape: BagShape) -> nn.Module:
    return JointReconstruction(
        shape.width,
        heads=4,
        head_dim=settings.hidden_dim // 4,
        levels=[settings.tile_level],
        dropout=settings.dropout,
        **training,
    )


def _m2otca(settings: BagSettings, options: dict[str, Any], shape: BagShape) -> nn.Module:
    values = {
        "m": shape.regions,
        "hidden_dim": settings.hidden_dim,
        "attention_dim": settings.hidden_dim // 2,
        "dropout": settings.dropout,
        "levels": shape.levels,
        **options,
    }
    if values["levels"] == "tile":
        values["levels"] = (settings.tile_level,)
    return M2OTCA(shape.width, shape.num_classes, **values)


def _libra(settings: BagSettings, options: dict[str, Any], shape: BagShape) -> nn.Module:
    count, width = (10, settings.hidden_dim) if settings.text is None else settings.text[0].shape
    values = {
        "num_vision_prototypes": 10,
        "num_text_prototypes": count,
        "text_dim": width,
        "hidden_dim": settings.hidden_dim,
        "num_heads": 4,
        "dropout": settings.dropout,
        **options,
    }
    network = LibraMIL(shape.width, shape.num_classes, levels=[settings.tile_level], **values)
    if settings.text is not None:
        network.set_text(*settings.text)
    return network
