"""Pixels look at prototypes: a residual that starts as nothing."""

import torch
from torch import nn
from torch.nn import functional as F


class PrototypeCrossAttention(nn.Module):
    r"""Attention of every pixel over a bank of prototypes, added to the pixel.

    .. math:: x'_p = x_p + W_o \sum_k \mathrm{softmax}_k\big(\langle W_q x_p, W_k v_k \rangle
        / \sqrt{a}\big) W_v v_k

    :math:`W_o = 0` at the start, so the block is the identity until it has learnt something.

    Shapes: B batch, c width of the pixels, h, w rows and columns, P prototypes, d their width.

    Args:
        channels: c.
        prototype_dim: d.
        attention_dim: a, width of queries, keys and values.

    Reference:
        The description of MPAMatch names prototype cross-attention between decoder and logits
        without details; this form is ours.
    """

    def __init__(self, channels: int, prototype_dim: int, attention_dim: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, attention_dim, 1, bias=False)
        self.key = nn.Linear(prototype_dim, attention_dim, bias=False)
        self.value = nn.Linear(prototype_dim, attention_dim, bias=False)
        self.out = nn.Conv2d(attention_dim, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, x: torch.Tensor, prototypes: torch.Tensor) -> torch.Tensor:
        """Attend.

        Args:
            x: ``[B, c, h, w]``.
            prototypes: ``[P, d]``.

        Returns:
            ``[B, c, h, w]``.
        """
        query = self.query(x).flatten(2).transpose(1, 2)
        bank = prototypes.expand(x.shape[0], -1, -1)
        heard = F.scaled_dot_product_attention(query, self.key(bank), self.value(bank))
        return x + self.out(heard.transpose(1, 2).unflatten(2, x.shape[-2:]))
