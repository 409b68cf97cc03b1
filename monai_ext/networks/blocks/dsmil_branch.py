"""DSMIL: the best instance of a class, and a bag that is compared with it."""

import torch
from torch import nn

from monai_ext.networks.blocks.instance_embedding import InstanceEmbedding
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.masked import masked_softmax


class DSMILBranch(nn.Module):
    r"""Two streams: max pooling of instance scores, and attention to the best instance.

    For each class c, with instance scores :math:`s_{nc} = w_c^\top h_n + b_c`, critical instance
    :math:`m_c = \arg\max_n s_{nc}`, queries q and values v of the instances,

    .. math::
        a_{cn} = \mathrm{softmax}_n \langle q_n, q_{m_c} \rangle, \quad
        z_c = \sum_n a_{cn} v_n, \quad
        y = \tfrac12 \big( \max_n s_n + W [z_1; \dots; z_C] + b \big) .

    Training: :class:`monai_ext.losses.DualStreamObjective`.

    Shapes: B batch, N instances, D width, d hidden width (D without embedding), C classes.

    Args:
        in_channels: D.
        num_classes: C.
        hidden_dim: d; None: no embedding, the streams read the features, as published; nothing is
            standardised then.
        attention_dim: width of the queries.
        query: ``linear`` (the article) or ``mlp``, two layers with ReLU and tanh (released code).
        value: ``linear`` (the article), ``identity`` (released code) or ``mlp``, linear and ReLU
            (released code with ``passing_v``).
        scaled: divide the products by the root of the query's width (released code); the article
            does not.
        score: ``mean`` of both streams (the article), or ``bag`` for the second alone.
        dropout: probability, on the embedding and before the values, in training.

    Raises:
        ValueError: if a name is unknown.

    Reference:
        B. Li, Y. Li, K. Eliceiri, Dual-stream Multiple Instance Learning Network, CVPR 2021,
        https://arxiv.org/abs/2011.08939. Differs: an embedding by default. torchmil 1.0.2 has one
        class, scales the products, has no linear value, and takes the maximum over padding too.
    """

    def __init__(  # noqa: PLR0913
        self,
        in_channels: int,
        num_classes: int,
        hidden_dim: int | None,
        attention_dim: int,
        *,
        query: str = "linear",
        value: str = "linear",
        scaled: bool = False,
        score: str = "mean",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if score not in ("mean", "bag"):
            raise ValueError(f"score={score} is unknown: use mean or bag")
        width = in_channels if hidden_dim is None else hidden_dim
        self.embed = (
            nn.Identity()
            if hidden_dim is None
            else InstanceEmbedding(in_channels, hidden_dim, dropout)
        )
        self.instance = nn.Linear(width, num_classes)
        self.query = _query(query, width, attention_dim)
        self.value = _value(value, width, dropout)
        self.bag = nn.Linear(num_classes * width, num_classes)
        self.scale = attention_dim**-0.5 if scaled else 1.0
        self.score = score

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
            ``logits [B, C]``, both streams' biases where no instance is real; ``max_logits`` and
            ``bag_logits [B, C]`` of the two streams; ``attention [B, N]`` of the predicted class;
            ``class_attention [B, C, N]``.
        """
        hidden = self.embed(features)
        scores = self.instance(hidden).float().masked_fill(~mask.unsqueeze(2), -1e30)
        top, critical = scores.max(1)
        top = torch.where(mask.any(1, keepdim=True), top, self.instance.bias.float())
        query = self.query(hidden)
        best = query.gather(1, critical.unsqueeze(2).expand(-1, -1, query.shape[2]))
        match = (best @ query.transpose(1, 2)).float() * self.scale
        attention = masked_softmax(match, mask.unsqueeze(1))
        pooled = attention.to(hidden.dtype) @ self.value(hidden)
        bag = self.bag(pooled.flatten(1)).float()
        logits = (top + bag) / 2 if self.score == "mean" else bag
        predicted = logits.argmax(1).reshape(-1, 1, 1).expand(-1, 1, mask.shape[1])
        return {
            "logits": logits,
            "max_logits": top,
            "bag_logits": bag,
            "attention": attention.gather(1, predicted).squeeze(1),
            "class_attention": attention,
        }

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features; none without an embedding."""
        return [self.embed.linear] if isinstance(self.embed, InstanceEmbedding) else []


def _query(name: str, width: int, attention_dim: int) -> nn.Module:
    if name == "linear":
        return nn.Linear(width, attention_dim)
    if name == "mlp":
        first, second = nn.Linear(width, attention_dim), nn.Linear(attention_dim, attention_dim)
        return nn.Sequential(first, nn.ReLU(), second, nn.Tanh())
    raise ValueError(f"query={name} is unknown: use linear or mlp")


def _value(name: str, width: int, dropout: float) -> nn.Module:
    if name == "identity":
        return nn.Identity()
    if name == "linear":
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(width, width))
    if name == "mlp":
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU())
    raise ValueError(f"value={name} is unknown: use linear, identity or mlp")
