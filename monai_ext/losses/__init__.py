"""Losses of the methods."""

from monai_ext.losses.bag_objective import BagObjective
from monai_ext.losses.branch_loss import BranchLoss
from monai_ext.losses.clustering_objective import ClusteringObjective
from monai_ext.losses.dual_stream_objective import DualStreamObjective
from monai_ext.losses.mil_objective import build_mil_objective
from monai_ext.losses.pixel_cross_entropy import PixelCrossEntropy, trusted_cross_entropy
from monai_ext.losses.prototype_loss import PrototypeLoss, PrototypeTerms
from monai_ext.losses.scaled_cosine_error import ScaledCosineError
from monai_ext.losses.smooth_svm import SmoothSVM
from monai_ext.losses.weighted_cross_entropy import WeightedCrossEntropy

__all__ = [
    "BagObjective",
    "BranchLoss",
    "ClusteringObjective",
    "DualStreamObjective",
    "PixelCrossEntropy",
    "PrototypeLoss",
    "PrototypeTerms",
    "ScaledCosineError",
    "SmoothSVM",
    "WeightedCrossEntropy",
    "build_mil_objective",
    "trusted_cross_entropy",
]
