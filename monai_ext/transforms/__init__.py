"""MONAI transforms for bags, in dictionary form."""

from monai_ext.transforms.drop_instances import DropInstancesD, DropInstancesd, DropInstancesDict
from monai_ext.transforms.load_bag import LoadBagD, LoadBagd, LoadBagDict
from monai_ext.transforms.region_partition import (
    RegionPartitionD,
    RegionPartitiond,
    RegionPartitionDict,
)
from monai_ext.transforms.standardize_features import (
    StandardizeFeaturesD,
    StandardizeFeaturesd,
    StandardizeFeaturesDict,
)

__all__ = [
    "DropInstancesD",
    "DropInstancesDict",
    "DropInstancesd",
    "LoadBagD",
    "LoadBagDict",
    "LoadBagd",
    "RegionPartitionD",
    "RegionPartitionDict",
    "RegionPartitiond",
    "StandardizeFeaturesD",
    "StandardizeFeaturesDict",
    "StandardizeFeaturesd",
]
