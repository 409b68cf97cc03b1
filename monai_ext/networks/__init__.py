"""Networks and their parts; every name here is resolvable in a config that imports this room."""

from monai_ext.networks.components import component_stores, load_extensions
from monai_ext.networks.nets import (
    M2OTCA,
    MIL_BASELINES,
    SRMIL,
    LibraMIL,
    MeanPoolMIL,
    MultiLevelABMIL,
    MultiLevelMIL,
    SymmetryAverage,
    TransUNi,
    build_mil_baseline,
)

__all__ = [
    "M2OTCA",
    "MIL_BASELINES",
    "SRMIL",
    "LibraMIL",
    "MeanPoolMIL",
    "MultiLevelABMIL",
    "MultiLevelMIL",
    "SymmetryAverage",
    "TransUNi",
    "build_mil_baseline",
    "component_stores",
    "load_extensions",
]

load_extensions()
