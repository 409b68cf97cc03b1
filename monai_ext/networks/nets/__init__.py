"""Networks: one a method."""

from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.networks.nets.libra_mil import LibraMIL
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.mean_pool import MeanPoolMIL
from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL

__all__ = ["M2OTCA", "LibraMIL", "MeanPoolMIL", "MultiLevelABMIL", "level_channels"]
