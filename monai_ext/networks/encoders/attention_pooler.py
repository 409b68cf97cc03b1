"""Learned queries that look at all tokens of an image."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AttentionPooler(nn.Module):
    r"""Multi-head attention of Q learned queries over an image's tokens, both normalised first.

    .. math::
        \mathrm{MHA}(\mathrm{LN}(q), \mathrm{LN}(x), \mathrm{LN}(x))

    Shapes:
        B images, N tokens, C token width, Q queries, D width.

    Args:
        dim: D, a multiple of ``num_heads``.
        context_dim: C.
        num_heads: heads.
        num_queries: Q.

    Reference:
        J. Yu et al., CoCa, TMLR 2022, https://arxiv.org/abs/2205.01917. The names of the weights
        are open_clip's, which CONCH kept.
    """

    def __init__(self, dim: int, context_dim: int, num_heads: int, num_queries: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.empty(num_queries, dim))
        self.attn = nn.MultiheadAttention(
            dim, num_heads, kdim=context_dim, vdim=context_dim, batch_first=True
        )
        self.ln_q = nn.LayerNorm(dim)
        self.ln_k = nn.LayerNorm(context_dim)
        nn.init.normal_(self.query)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map ``[B, N, C]`` to ``[B, Q, D]``."""
        queries = self.ln_q(self.query).unsqueeze(0).expand(len(tokens), -1, -1)
        keys = self.ln_k(tokens)
        return self.attn(queries, keys, keys, need_weights=False)[0]
