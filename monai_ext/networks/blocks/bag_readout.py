"""From the nodes of a graph to the logits of the bag."""

import torch
from torch import nn

from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.ops.masked import masked_softmax

READOUTS = ("supernode", "attention", "mean", "lse")
"""Names for :func:`build_readout`."""


class PooledReadout(nn.Module):
    r"""One vector a bag, then a classifier of two layers.

    The vector is the mean of the supernodes, the gated-attention mean of the tiles, or their plain
    mean; its heads are averaged.

    Args:
        kind: ``supernode``, ``attention`` or ``mean``.
        width: K of a node.
        heads: number of equal parts of the vector that are averaged; 1: none.
        num_classes: C.
        hidden_dim: width of the classifier's hidden layer.
        attention_dim: width of the gate of ``attention``.
        dropout: on the classifier's hidden layer, in training.
    """

    def __init__(
        self,
        kind: str,
        width: int,
        heads: int,
        num_classes: int,
        *,
        hidden_dim: int,
        attention_dim: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.kind, self.heads = kind, heads
        self.gate = nn.ModuleList()
        if kind == "attention":
            self.gate.append(GatedAttention(width, attention_dim))
        self.classifier = nn.Sequential(
            nn.Linear(width // heads, hidden_dim),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_dim, num_classes),
        )

    def forward(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,
        attention: torch.Tensor,
        mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Classify.

        Args:
            tiles: ``[B, N, K]``; not read where supernodes are.
            supernodes: ``[B, S, K]``.
            attention: ``[B, S, N]`` of the supernodes.
            mask: ``[B, N]`` bool, True = real.

        Returns:
            Logits ``[B, C]``, importance of tiles ``[B, N]``, and logits of tiles: none,
            ``[B, N, 0]``.
        """
        share = mask.to(tiles.dtype) / mask.sum(1, keepdim=True).clamp_min(1)
        if self.kind == "supernode":
            pooled, share = supernodes.mean(1), attention.mean(1)
        else:
            pooled = (share.unsqueeze(1) @ tiles).squeeze(1)
            for gate in self.gate:
                pooled, share = gate(tiles, mask)
        pooled = pooled.view(pooled.shape[0], self.heads, -1).mean(1)
        nothing = share.unsqueeze(2)[:, :, :0]
        return self.classifier(pooled).float(), share.float(), nothing


class LogSumExpReadout(nn.Module):
    r"""A linear score a tile, and the best tiles decide.

    .. math:: y_c = b_c + \tau \log \frac{1}{n} \sum_i \exp(\langle w_c, z_i \rangle / \tau)

    At small scores it is the mean, with growing ones the maximum. A bag without tiles has the
    bias.

    Args:
        width: K of a node.
        num_classes: C.
        temperature: :math:`\tau`, in units of the score.
        is_learned: the temperature is trained too, from there.
    """

    def __init__(
        self, width: int, num_classes: int, temperature: float, *, is_learned: bool = False
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"temperature={temperature} must be above 0: 1 is one unit of score")
        self.scores = nn.Linear(width, num_classes)
        self.log_temperature = nn.Parameter(
            torch.tensor(temperature).log(), requires_grad=is_learned
        )

    def forward(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,  # noqa: ARG002
        attention: torch.Tensor,  # noqa: ARG002
        mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Classify, as :meth:`PooledReadout.forward`.

        Returns:
            Logits ``[B, C]``; each tile's share of the highest one ``[B, N]``, which is that
            logit's gradient to the tile's score; logits of tiles ``[B, N, C]``.
        """
        scores, temperature = self.scores(tiles).float(), self.log_temperature.exp()
        count = mask.sum(1, keepdim=True)
        one_more = scores.new_full([scores.shape[0], 1, scores.shape[2]], -1e30)
        sharp = (scores / temperature).masked_fill(~mask.unsqueeze(2), -1e30)
        total = torch.logsumexp(torch.cat([sharp, one_more], 1), 1) - count.clamp_min(1).log()
        logits = torch.where(count > 0, total * temperature, self.scores.bias.float())
        best = logits.argmax(1).unsqueeze(1).unsqueeze(2).expand(-1, scores.shape[1], 1)
        share = masked_softmax(sharp.gather(2, best).squeeze(2), mask)
        return logits, share, scores


def build_readout(  # noqa: PLR0913
    kind: str,
    width: int,
    heads: int,
    num_classes: int,
    *,
    hidden_dim: int,
    attention_dim: int,
    dropout: float = 0.0,
    temperature: float = 1.0,
    learn_temperature: bool = False,
) -> nn.Module:
    """The readout of that name, see :class:`PooledReadout` and :class:`LogSumExpReadout`.

    Raises:
        ValueError: if the name is unknown.
    """
    if kind not in READOUTS:
        raise ValueError(f"readout={kind} is unknown: use {', '.join(READOUTS)}")
    if kind == "lse":
        return LogSumExpReadout(width, num_classes, temperature, is_learned=learn_temperature)
    return PooledReadout(
        kind,
        width,
        heads,
        num_classes,
        hidden_dim=hidden_dim,
        attention_dim=attention_dim,
        dropout=dropout,
    )
