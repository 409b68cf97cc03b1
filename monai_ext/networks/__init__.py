"""Networks and their parts; every name here is resolvable in a config that imports this room."""

from monai_ext.networks.nets import M2OTCA, LibraMIL, MeanPoolMIL, MultiLevelABMIL

__all__ = ["M2OTCA", "LibraMIL", "MeanPoolMIL", "MultiLevelABMIL"]
