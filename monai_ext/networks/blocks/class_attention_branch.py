"""CLAM with one attention a class."""

import torch
from torch import nn

from monai_ext.networks.blocks.instance_embedding import InstanceEmbedding
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.masked import masked_softmax


class ClassAttentionBranch(nn.Module):
    r"""Every class pools by its own gated attention and is scored by its own linear layer.

    .. math::
        s_{cn} = q_c^\top \big(\tanh(V h_n) \circ \sigma(U h_n)\big), \quad
        y_c = w_c^\top \sum_n \mathrm{softmax}_n(s_c)_n h_n + b_c

    V and U are shared by the classes. Training: :class:`monai_ext.losses.ClusteringObjective`.

    Shapes: B batch, N instances, D width, d hidden width, C classes.

    Args:
        in_channels: D.
        num_classes: C.
        hidden_dim: d.
        attention_dim: width of the attention's hidden layer.
        dropout: probability, on the embedding and on the gate, in training.

    Reference:
        M. Lu et al., Data-efficient and weakly supervised computational pathology on whole-slide
        images, Nature Biomedical Engineering 2021, https://arxiv.org/abs/2004.09666 (CLAM-MB,
        written from the article). Differs: no bias after the gate, which the softmax cancels.
        torchmil 1.0.2 has no CLAM-MB.
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
        self.value = nn.Linear(hidden_dim, attention_dim)
        self.gate = nn.Linear(hidden_dim, attention_dim)
        self.score = nn.Linear(attention_dim, num_classes, bias=False)
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
        """Classify one level.

        Args:
            features: ``[B, N, D]``; masked instances may hold any finite value.
            mask: ``[B, N]`` bool, True = real.
            region: not read.

        Returns:
            ``logits [B, C]``, the classifiers' biases where no instance is real; ``attention
            [B, N]`` of the predicted class; ``class_attention [B, C, N]``; for training objectives
            ``scores [B, C, N]`` before the softmax and ``hidden [B, N, d]``.
        """
        hidden = self.embed(features)
        gated = torch.tanh(self.value(hidden)) * torch.sigmoid(self.gate(hidden))
        scores = self.score(self.dropout(gated)).float().transpose(1, 2)
        attention = masked_softmax(scores, mask.unsqueeze(1))
        pooled = attention.to(hidden.dtype) @ hidden
        logits = ((pooled * self.classifier.weight).sum(2) + self.classifier.bias).float()
        predicted = logits.argmax(1).reshape(-1, 1, 1).expand(-1, 1, mask.shape[1])
        return {
            "logits": logits,
            "attention": attention.gather(1, predicted).squeeze(1),
            "class_attention": attention,
            "scores": scores,
            "hidden": hidden,
        }

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features."""
        return [self.embed.linear]
