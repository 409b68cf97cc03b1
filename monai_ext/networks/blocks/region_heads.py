"""What predicts from the regions of one level: attention, or log-sum-exp of region scores."""

import torch
from torch import nn

from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.ops.masked import masked_softmax

REGION_HEADS = ("attention", "lse")


class AttentionRegionHead(nn.Module):
    """Gated attention over the regions, then a linear classifier.

    Shapes: B batch, m regions, d width, C classes.

    Args:
        channels: d.
        num_classes: C.
        attention_dim: width of the attention's hidden layer.
        dropout: probability in training, in the gate.
    """

    def __init__(
        self, channels: int, num_classes: int, attention_dim: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.aggregator = GatedAttention(channels, attention_dim, dropout)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Classify.

        Args:
            x: ``[B, m, d]`` prototypes; masked ones may hold any finite value.
            mask: ``[B, m]`` bool, True = region with instances.

        Returns:
            Logits ``[B, C]`` and attention ``[B, m]``, which sums to 1 where a region is real.
        """
        pooled, attention = self.aggregator(x, mask)
        return self.classifier(pooled), attention

    @torch.jit.export
    def input_gradient(
        self,
        x: torch.Tensor,
        mask: torch.Tensor,  # noqa: ARG002
        attention: torch.Tensor,
        share: torch.Tensor,
    ) -> torch.Tensor:
        r"""Gradient of :math:`\sum_c t_c y_c` to every prototype, without autograd.

        Args:
            x: ``[B, m, d]``, as in :meth:`forward`.
            mask: ``[B, m]``, as in :meth:`forward`.
            attention: ``[B, m]``, as forward returned it.
            share: t, ``[B, C]``: which class is asked for, e.g. one-hot.

        Returns:
            ``[B, m, d]``; 0 for masked regions.
        """
        pooled = (attention.to(x.dtype).unsqueeze(1) @ x).squeeze(1)
        direction = share.to(x.dtype) @ self.classifier.weight
        return self.aggregator.input_gradient(x, attention, pooled, direction)


class LogSumExpRegionHead(nn.Module):
    r"""A linear scorer on every region; a class is as likely as its best regions say.

    .. math:: y_c = \log \frac{1}{m} \sum_u \exp(\langle f_c, P_u \rangle) + b_c

    over the real regions. One lesion among many regions raises its class without attention
    having to find it first: there is nothing to learn but the scorer. Scaling all f makes it
    tend to the mean (small) or to the maximum (large).

    Shapes: B batch, m regions, d width, C classes.

    Args:
        channels: d.
        num_classes: C.

    Reference:
        J. Ramon, L. De Raedt, Multi instance neural networks, ICML workshop 2000 (log-sum-exp as
        a smooth maximum over instances). Ours: over regions, in place of gated attention.
    """

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Classify; shapes as in :meth:`AttentionRegionHead.forward`.

        The attention is the share of each region in the predicted class's score. Without a real
        region the logits are the biases.
        """
        scores = self._scores(x)
        lowered = scores.masked_fill(~mask.unsqueeze(-1), -1e30)
        count = mask.sum(1, keepdim=True)
        pooled = torch.logsumexp(lowered, 1) - count.clamp_min(1).to(scores.dtype).log()
        logits = torch.where(count > 0, pooled, 0.0) + self.classifier.bias
        predicted = logits.argmax(-1).view(-1, 1, 1).expand(-1, x.shape[1], 1)
        attention = masked_softmax(scores.gather(2, predicted).squeeze(2), mask)
        return logits.to(x.dtype), attention

    @torch.jit.export
    def input_gradient(
        self,
        x: torch.Tensor,
        mask: torch.Tensor,
        attention: torch.Tensor,  # noqa: ARG002
        share: torch.Tensor,
    ) -> torch.Tensor:
        r"""Gradient of :math:`\sum_c t_c y_c`: :math:`\sum_c t_c a_{uc} f_c`.

        Arguments and result as in :meth:`AttentionRegionHead.input_gradient`.
        """
        of_class = masked_softmax(self._scores(x), mask.unsqueeze(-1), 1)
        return (of_class.to(x.dtype) * share.to(x.dtype).unsqueeze(1)) @ self.classifier.weight

    def _scores(self, x: torch.Tensor) -> torch.Tensor:
        """``[B, m, C]``, at least float32."""
        scores = x @ self.classifier.weight.t()
        return scores if scores.dtype == torch.float64 else scores.float()


def build_region_head(
    name: str, channels: int, num_classes: int, attention_dim: int, dropout: float
) -> nn.Module:
    """The head called ``attention`` or ``lse``.

    Raises:
        ValueError: for another name.
    """
    if name == "attention":
        return AttentionRegionHead(channels, num_classes, attention_dim, dropout)
    if name == "lse":
        return LogSumExpRegionHead(channels, num_classes)
    raise ValueError(f"region_head={name} is unknown: use {' or '.join(REGION_HEADS)}")
