"""Losses of the methods."""

from monai_ext.losses.branch_loss import BranchLoss
from monai_ext.losses.weighted_cross_entropy import WeightedCrossEntropy

__all__ = ["BranchLoss", "WeightedCrossEntropy"]
