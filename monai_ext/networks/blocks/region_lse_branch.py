"""A linear score a region, and a soft maximum over regions: finding one among many."""

import torch
from torch import nn

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.segments import segment_counts, segment_members


class RegionLSEBranch(nn.Module):
    r"""Log-sum-exp of the linear scores of region means.

    .. math::
        y = \tau \log \frac{1}{M} \sum_{r=1}^{M} \exp\big((W \bar x_r + b) / \tau\big)

    with :math:`\bar x_r` the mean feature of region r, M the number of regions that hold an
    instance. At :math:`W = 0` the gradient is that of mean pooling; with growing scores the sum
    turns into the maximum. It has no hidden layer.

    Shapes: B batch, N instances, D width, C classes, m regions.

    Args:
        in_channels: D.
        num_classes: C.
        m: number of regions of the bag's region row.
        temperature: :math:`\tau` > 0, in units of the score: large is the mean, small the maximum.

    Raises:
        ValueError: if ``temperature`` is not positive.
    """

    def __init__(
        self, in_channels: int, num_classes: int, m: int, temperature: float = 1.0
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"temperature={temperature} must be positive; try 1.0")
        self.m, self.temperature = m, temperature
        self.score = StandardizedLinear(in_channels, num_classes)

    def forward(
        self, features: torch.Tensor, mask: torch.Tensor, region: torch.Tensor
    ) -> torch.Tensor:
        """Logits ``[B, C]``, see :meth:`explain`."""
        return self.explain(features, mask, region)["logits"]

    @torch.jit.export
    def explain(
        self, features: torch.Tensor, mask: torch.Tensor, region: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Classify one level.

        Args:
            features: ``[B, N, D]``; instances that take no part may hold any finite value.
            mask: ``[B, N]`` bool, True = real.
            region: ``[B, N]`` long; an instance outside 0 .. m - 1 takes no part.

        Returns:
            ``logits [B, C]``, the bias where no region holds an instance; ``region_attention
            [B, m]``, the softmax over regions for the predicted class; ``attention [B, N]``, the
            same spread evenly over the instances of each region.
        """
        region = torch.where(mask, region, -1)
        counts = segment_counts(region, self.m)
        own = torch.arange(self.m, device=region.device).unsqueeze(-1) == region.unsqueeze(1)
        weights = own.to(features.dtype) / counts.clamp_min(1).unsqueeze(2)
        scores = self.score(weights @ features).float() / self.temperature
        present = (counts > 0).unsqueeze(2)
        kept = scores.masked_fill(~present, -1e30)
        number = present.sum(1).clamp_min(1).float()
        logits = self.temperature * (kept.logsumexp(1) - number.log())
        logits = torch.where(present.any(1), logits, self.score.bias.float())
        predicted = logits.argmax(1).reshape(-1, 1, 1).expand(-1, self.m, -1)
        share = torch.softmax(kept.gather(2, predicted).squeeze(2), 1) * present.squeeze(2)
        each = (share / counts.clamp_min(1)).gather(1, region.clamp(0, self.m - 1))
        attention = torch.where(segment_members(region, self.m), each, 0.0)
        return {"logits": logits, "attention": attention, "region_attention": share}

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features."""
        return [self.score]
