"""ABMIL, and CLAM with one attention: their forward passes are the same."""

import torch
from torch import nn

from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.networks.blocks.instance_embedding import InstanceEmbedding
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.masked import masked_softmax


class GatedAttentionBranch(nn.Module):
    r"""Classify the gated attention's mean of the embedded instances.

    .. math:: y = W \sum_n a_n h_n + b

    with a from :class:`GatedAttention`. CLAM-SB differs in training only, see
    :class:`monai_ext.losses.ClusteringObjective`.

    Shapes: B batch, N instances, D width, d hidden width, C classes.

    Args:
        in_channels: D.
        num_classes: C.
        hidden_dim: d.
        attention_dim: width of the attention's hidden layer.
        dropout: probability, on the embedding and on the gate, in training.

    Reference:
        M. Ilse, J. Tomczak, M. Welling, ICML 2018, https://arxiv.org/abs/1802.04712; M. Lu et al.,
        Nature BME 2021, https://arxiv.org/abs/2004.09666 (CLAM-SB; Differs: no bias after the
        gate, which the softmax cancels). torchmil's ABMIL and CLAM_SB have one logit and no
        embedding of their own; with one in ``feat_ext`` they are the same function.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_dim: int,
        attention_dim: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embed = InstanceEmbedding(in_channels, hidden_dim, dropout)
        self.attention = GatedAttention(hidden_dim, attention_dim, dropout)
        self.classifier = nn.Linear(hidden_dim, num_classes)

    def forward(
        self, features: torch.Tensor, mask: torch.Tensor, region: torch.Tensor
    ) -> torch.Tensor:
        """Logits ``[B, C]``, see :meth:`explain`.

        In eager mode the real instances of several bags are computed as one row after another, so
        padding costs nothing.
        """
        if not torch.jit.is_scripting():  # noqa: SIM102  scripts skip what it holds
            if len(features) > 1 and not (torch.jit.is_tracing() or torch.compiler.is_compiling()):
                return self._packed(features, mask)
        return self.explain(features, mask, region)["logits"]

    @torch.jit.unused
    def _packed(self, features: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.embed(features[mask])
        scores = self.attention.scores(hidden)
        filled = scores.new_zeros(mask.shape).masked_scatter(mask, scores)
        attention = masked_softmax(filled, mask)[mask].to(hidden.dtype)
        lengths = mask.sum(1).tolist()
        parts = zip(attention.split(lengths), hidden.split(lengths), strict=True)
        pooled = torch.stack([share @ rows for share, rows in parts])
        return self.classifier(pooled).float()

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
            ``logits [B, C]``, the classifier's bias where no instance is real; ``attention
            [B, N]``; for training objectives ``scores [B, 1, N]`` before the softmax and
            ``hidden [B, N, d]``.
        """
        hidden = self.embed(features)
        scores = self.attention.scores(hidden)
        attention = masked_softmax(scores, mask)
        pooled = (attention.to(hidden.dtype).unsqueeze(1) @ hidden).squeeze(1)
        return {
            "logits": self.classifier(pooled).float(),
            "attention": attention,
            "scores": scores.unsqueeze(1),
            "hidden": hidden,
        }

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features."""
        return [self.embed.linear]
