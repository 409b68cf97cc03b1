"""Standardised features as they are: the input layer of a network that has no linear one."""

import torch
from torch import Tensor, nn

from monai_ext.networks.blocks.standardized_linear import checked_statistics


class StandardizedIdentity(nn.Module):
    r"""The features as :math:`(x - \mu) / \sigma`, with the statistics of the training part.

    It takes its statistics as :class:`StandardizedLinear` does; until then they are 0 and 1.

    Args:
        in_features: width D.

    Shapes:
        input and output (..., D); mean and std (D,).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.register_buffer("mean", torch.zeros(in_features))
        self.register_buffer("std", torch.ones(in_features))

    @torch.jit.unused
    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        """Fix the statistics, as :meth:`StandardizedLinear.set_statistics`."""
        mean, std = checked_statistics(mean, std, self.in_features)
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  as torch.nn.Linear names it
        """The standardised features."""
        return (input - self.mean) / self.std
