"""Networks and their parts; every name here is resolvable in a config that imports this room."""

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
]
