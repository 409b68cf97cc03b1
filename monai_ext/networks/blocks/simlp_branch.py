"""Mean of the features, then a perceptron of two layers."""

import torch
from torch import nn

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear


class SiMLPBranch(nn.Module):
    r"""Classify the mean feature by a perceptron with one hidden layer.

    .. math:: y = W_2 \, \mathrm{ReLU}\Big(W_1 \frac{1}{N} \sum_n x_n + b_1\Big) + b_2

    Shapes: B batch, N instances, D width, C classes.

    Args:
        in_channels: D.
        num_classes: C.
        hidden_dim: width of the hidden layer.
        dropout: probability, on the hidden layer, in training.

    Reference:
        J. Li et al., Can We Simplify Slide-level Fine-tuning of Pathology Foundation Models?,
        https://arxiv.org/abs/2502.20823. Differs: an absent level counts as a mean of 0.
    """

    def __init__(
        self, in_channels: int, num_classes: int, hidden_dim: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.hidden = StandardizedLinear(in_channels, hidden_dim)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden_dim, num_classes)

    def forward(
        self, features: torch.Tensor, mask: torch.Tensor, region: torch.Tensor
    ) -> torch.Tensor:
        """Logits ``[B, C]``, see :meth:`explain`."""
        return self.explain(features, mask, region)["logits"]

    @torch.jit.export
    def explain(
        self,
        features: torch.Tensor,
        mask: torch.Tensor,
        region: torch.Tensor,  # noqa: ARG002  one signature for all branches
    ) -> dict[str, torch.Tensor]:
        """Classify one level; arguments and result as :meth:`MeanBranch.explain`."""
        share = mask.float() / mask.sum(1, keepdim=True).clamp_min(1)
        mean = (share.to(features.dtype).unsqueeze(1) @ features).squeeze(1)
        logits = self.classifier(self.dropout(torch.relu(self.hidden(mean))))
        return {"logits": logits.float(), "attention": share}

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features."""
        return [self.hidden]
