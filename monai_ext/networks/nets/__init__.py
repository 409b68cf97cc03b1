"""Networks: one a method."""

from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.networks.nets.libra_mil import LibraMIL
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.mean_pool import MeanPoolMIL
from monai_ext.networks.nets.mil_baselines import (
    MIL_BASELINES,
    baseline_settings,
    build_mil_baseline,
)
from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL
from monai_ext.networks.nets.multi_level_mil import MultiLevelMIL
from monai_ext.networks.nets.published_dsmil import load_published_dsmil
from monai_ext.networks.nets.srmil import SRMIL
from monai_ext.networks.nets.symmetry_average import SymmetryAverage
from monai_ext.networks.nets.transuni import Decoded, TransUNi

__all__ = [
    "M2OTCA",
    "MIL_BASELINES",
    "SRMIL",
    "Decoded",
    "LibraMIL",
    "MeanPoolMIL",
    "MultiLevelABMIL",
    "MultiLevelMIL",
    "SymmetryAverage",
    "TransUNi",
    "baseline_settings",
    "build_mil_baseline",
    "level_channels",
    "load_published_dsmil",
]
