"""Mean pooling of embedded instances."""

import torch
from torch import nn

from monai_ext.networks.blocks.instance_embedding import InstanceEmbedding
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear


class MeanBranch(nn.Module):
    r"""Classify the mean of the embedded instances.

    .. math:: y = W \frac{1}{N} \sum_n h_n + b

    A linear layer after the mean is also the mean of the instances' scores, so this is mean pooling
    in both senses that the literature uses, of embeddings and of scores.

    Shapes: B batch, N instances, D width, C classes.

    Args:
        in_channels: D.
        num_classes: C.
        hidden_dim: width of the embedding.
        dropout: probability, on the embedding, in training.
    """

    def __init__(
        self, in_channels: int, num_classes: int, hidden_dim: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.embed = InstanceEmbedding(in_channels, hidden_dim, dropout)
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
        """Classify one level.

        Args:
            features: ``[B, N, D]``; masked instances may hold any finite value.
            mask: ``[B, N]`` bool, True = real.
            region: not read.

        Returns:
            ``logits [B, C]`` and ``attention [B, N]``, the same for every real instance.
        """
        share = mask.float() / mask.sum(1, keepdim=True).clamp_min(1)
        hidden = self.embed(features)
        pooled = (share.to(hidden.dtype).unsqueeze(1) @ hidden).squeeze(1)
        return {"logits": self.classifier(pooled).float(), "attention": share}

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features."""
        return [self.embed.linear]
