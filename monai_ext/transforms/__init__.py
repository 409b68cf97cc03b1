"""MONAI transforms for bags, in dictionary form."""

from monai_ext.transforms.drop_instances import DropInstancesD, DropInstancesd, DropInstancesDict
from monai_ext.transforms.load_bag import LoadBagD, LoadBagd, LoadBagDict
from monai_ext.transforms.load_image_mask import LoadImageMaskD, LoadImageMaskd, LoadImageMaskDict
from monai_ext.transforms.rand_square import RandSquareD, RandSquared, RandSquareDict
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
from monai_ext.transforms.strong_views import StrongViewsD, StrongViewsd, StrongViewsDict

__all__ = [
    "DropInstancesD",
    "DropInstancesDict",
    "DropInstancesd",
    "LoadBagD",
    "LoadBagDict",
    "LoadBagd",
    "LoadImageMaskD",
    "LoadImageMaskDict",
    "LoadImageMaskd",
    "RandSquareD",
    "RandSquareDict",
    "RandSquared",
    "RegionPartitionD",
    "RegionPartitionDict",
    "RegionPartitiond",
    "StandardizeFeaturesD",
    "StandardizeFeaturesDict",
    "StandardizeFeaturesd",
    "StrongViewsD",
    "StrongViewsDict",
    "StrongViewsd",
]
