"""Max pooling of instance scores or of embedded instances."""

import torch
from torch import nn

from monai_ext.networks.blocks.instance_embedding import InstanceEmbedding
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear


class MaxBranch(nn.Module):
    r"""The best instance decides, class by class.

    .. math:: y_c = \max_n \; (W h_n + b)_c

    ``pooled="embedding"`` instead classifies the largest value of each hidden unit,
    :math:`y = W \max_n h_n + b`.

    Shapes: B batch, N instances, D width, C classes.

    Args:
        in_channels: D.
        num_classes: C.
        hidden_dim: width of the embedding.
        pooled: ``score`` (mi-Net; the max pooling of DSMIL's tables) or ``embedding`` (MI-Net).
        dropout: probability, on the embedding, in training.

    Raises:
        ValueError: if ``pooled`` is unknown.

    Reference:
        X. Wang et al., Revisiting Multiple Instance Neural Networks, 2018,
        https://arxiv.org/abs/1610.02501.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_dim: int,
        pooled: str = "score",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if pooled not in ("score", "embedding"):
            raise ValueError(f"pooled={pooled} is unknown: use score or embedding")
        self.pooled = pooled
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
            features: ``[B, N, D]`` with N at least 1; masked instances may hold any finite value.
            mask: ``[B, N]`` bool, True = real.
            region: not read.

        Returns:
            ``logits [B, C]``, the classifier's bias where no instance is real; ``attention
            [B, N]``, 1 for the instance that decided the predicted class, or the share of the
            hidden units that an instance won.
        """
        hidden = self.embed(features)
        present = mask.any(1, keepdim=True)
        if self.pooled == "score":
            scores = self.classifier(hidden).float().masked_fill(~mask.unsqueeze(2), -1e30)
            top, winner = scores.max(1)
            logits = torch.where(present, top, self.classifier.bias.float())
            winner = winner.gather(1, logits.argmax(1, keepdim=True))
        else:
            # embeddings are never negative, so a real instance always wins over -1
            top, winner = hidden.masked_fill(~mask.unsqueeze(2), -1.0).max(1)
            logits = self.classifier(top.clamp_min(0)).float()
        won = torch.full_like(winner, 1, dtype=torch.float32) / winner.shape[1]
        attention = torch.zeros_like(mask, dtype=torch.float32).scatter_add(1, winner, won) * mask
        total = attention.sum(1, keepdim=True)
        return {"logits": logits, "attention": attention / torch.where(total > 0, total, 1.0)}

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features."""
        return [self.embed.linear]
