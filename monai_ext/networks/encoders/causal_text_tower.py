"""The text tower of CoCa and CONCH: causal, with a learned class token at the end."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn


class TextBlock(nn.Module):
    """Attention and MLP, each normalised first and added.

    Args:
        width: token width W.
        num_heads: heads.
    """

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, num_heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        layers = {
            "c_fc": nn.Linear(width, 4 * width),
            "gelu": nn.GELU(),
            "c_proj": nn.Linear(4 * width, width),
        }
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Map ``[K, L, W]``; ``hidden`` bool ``[K * heads, L, L]`` is True where not to look."""
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, attn_mask=hidden, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class TextBlocks(nn.Module):
    """A stack of :class:`TextBlock`, under the name that checkpoints use.

    Args:
        width: token width W.
        num_heads: heads.
        depth: blocks.
    """

    def __init__(self, width: int, num_heads: int, depth: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(TextBlock(width, num_heads) for _ in range(depth))

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Map ``[K, L, W]``."""
        for block in self.resblocks:
            x = block(x, hidden)
        return x


class CausalTextTower(nn.Module):
    r"""Token ids to one vector a sentence: that of a class token appended at the last position.

    Every token sees itself and those before it. The class token sees key 0 and every key j whose
    *predecessor* j - 1 is no padding: the mask of the original CoCa code is shifted by one, so it
    also sees the first padding token and, unless the sentence is full, not itself. CONCH's
    weights were trained with it, hence it stays (open_clip calls it the legacy mask). Pooling by
    the highest id, as CLIP does, is wrong here.

    Shapes:
        K sentences, L context length with the class token, W token width, D output width.

    Args:
        vocab_size: token ids.
        context_length: L.
        width: W.
        num_heads: heads.
        depth: blocks.
        embed_dim: D.
        pad_id: id of padding.

    Reference:
        M. Y. Lu et al., CONCH, Nature Medicine 2024; J. Yu et al., CoCa, TMLR 2022.
    """

    def __init__(
        self,
        vocab_size: int,
        context_length: int,
        width: int,
        num_heads: int,
        depth: int,
        embed_dim: int,
        pad_id: int = 0,
    ) -> None:
        super().__init__()
        self.num_heads, self.pad_id = num_heads, pad_id
        self.token_embedding = nn.Embedding(vocab_size, width)
        self.cls_emb = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty(context_length, width))
        self.transformer = TextBlocks(width, num_heads, depth)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.empty(width, embed_dim))
        for weight in (self.cls_emb, self.positional_embedding, self.text_projection):
            nn.init.normal_(weight, std=0.02)

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids ``[K, L]``, whose last column (padding) gives way to the class token."""
        kept = ids[:, : len(self.positional_embedding) - 1]
        return self.pool(self.token_embedding(kept), kept != self.pad_id)

    def pool(self, tokens: Tensor, is_token: Tensor) -> Tensor:
        """Map embedded tokens to vectors.

        Args:
            tokens: ``[K, L - 1, W]``.
            is_token: bool ``[K, L - 1]``, False on padding.

        Returns:
            ``[K, D]``, not normalised.
        """
        x = torch.cat([tokens, self.cls_emb.expand(len(tokens), 1, -1)], dim=1)
        x = x + self.positional_embedding
        x = self.transformer(x, self._hidden(is_token))
        return self.ln_final(x[:, -1]) @ self.text_projection

    def _hidden(self, is_token: Tensor) -> Tensor:
        batch, length = len(is_token), is_token.shape[1] + 1
        seen = torch.ones(length, length, dtype=torch.bool, device=is_token.device).tril()
        seen = seen.expand(batch, -1, -1).clone()
        seen[:, -1, 1:] = is_token
        return ~seen.repeat_interleave(self.num_heads, dim=0)
