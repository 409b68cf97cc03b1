"""A linear layer whose input is standardised by fixed statistics, at no cost in memory."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class StandardizedLinear(nn.Linear):
    r"""Linear layer on :math:`(x - \mu) / \sigma`, with :math:`\mu, \sigma` part of the weights.

    Features of frozen encoders have channels of very different size, and a MIL head of few bags
    never learns that away. The statistics are those of the training part. They are folded into
    the product, so no standardised copy of a bag of 200,000 tiles is made:

    .. math:: y = (W / \sigma)\, x + b - W (\mu / \sigma)

    Until ``set_statistics`` is called they are 0 and 1: a plain ``torch.nn.Linear``.

    Args:
        in_features: width D of the input.
        out_features: width of the output.

    Shapes:
        input (..., D), output (..., out_features); mean and std (D,).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        self.register_buffer("mean", torch.zeros(in_features))
        self.register_buffer("std", torch.ones(in_features))

    @torch.jit.unused
    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        """Fix the statistics; channels that do not vary are only shifted.

        Raises:
            ValueError: if a statistic is not finite, or not one number a channel.
        """
        mean, std = checked_statistics(mean, std, self.in_features)
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  torch.nn.Linear names it so
        """The layer's output."""
        shift = F.linear(self.mean / self.std, self.weight)
        return F.linear(input, self.weight / self.std, self.bias - shift)


def checked_statistics(mean: Tensor, std: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Mean, and standard deviation with 1 for 0.

    Raises:
        ValueError: if a statistic is not finite, or not one number a channel.
    """
    for name, value in (("mean", mean), ("std", std)):
        if value.shape != (width,) or not bool(torch.isfinite(value).all()):
            shape = tuple(value.shape)
            raise ValueError(f"{name} {shape} must be {width} finite numbers")
    return mean, torch.where(std > 0, std, torch.ones_like(std))
