"""Self-attention through landmarks: linear in the number of tokens, in time and memory."""

import torch
from torch import nn
from torch.nn import functional as F

from monai_ext.ops.segments import segment_sum


def iterative_inverse(matrix: torch.Tensor, iterations: int, scale: str) -> torch.Tensor:
    r"""Moore-Penrose inverse of softmax matrices by a cubic iteration.

    .. math::
        Z_{k+1} = \tfrac14 Z_k \big(13 I - A Z_k (15 I - A Z_k (7 I - A Z_k))\big), \quad
        Z_0 = A^\top / (\lVert A \rVert_1 \lVert A \rVert_\infty)

    Args:
        matrix: A, ``[B, H, m, m]``.
        iterations: number of iterations.
        scale: norms of each ``matrix`` (the article), or the largest of a ``bag``'s H matrices
            (released codes take the largest of the whole batch, which mixes bags).

    Returns:
        ``[B, H, m, m]``.
    """
    size = matrix.abs()
    columns, rows = size.sum(-2).amax(-1), size.sum(-1).amax(-1)
    if scale == "bag":
        columns, rows = columns.amax(1, keepdim=True), rows.amax(1, keepdim=True)
    inverse = matrix.transpose(-1, -2) / (columns * rows).unsqueeze(-1).unsqueeze(-1)
    eye = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    for _ in range(iterations):
        product = matrix @ inverse
        inner = 15 * eye - product @ (7 * eye - product)
        inverse = 0.25 * (inverse @ (13 * eye - product @ inner))
    return inverse


class NystromAttention(nn.Module):
    r"""Approximate softmax attention by m landmarks, the means of m runs of tokens.

    With landmark queries and keys :math:`\tilde Q, \tilde K`, per head,

    .. math::
        Y = \mathrm{softmax}(Q \tilde K^\top) \;
            \mathrm{softmax}(\tilde Q \tilde K^\top)^{+} \;
            \mathrm{softmax}(\tilde Q K^\top) V + \mathrm{conv}(V)

    (products scaled by the root of the head's width). Both outer products are ordinary attention,
    so no ``[L, m]`` array is kept. The sequence counts as filled up with zero tokens in front to a
    multiple of m, which take part as keys, as in the released code; they are one key with the
    weight of all of them here.

    Shapes: B batch, L tokens, D width, H heads, m landmarks.

    Args:
        dim: D, a multiple of ``num_heads``.
        num_heads: H.
        num_landmarks: m.
        iterations: of the inverse.
        residual_kernel: width of the convolution of the values over the sequence, odd; 0: none.
        project: a linear layer after the heads.
        scale: of the inverse, ``matrix`` or ``bag``, see :func:`iterative_inverse`.
        dropout: probability after the projection, in training.

    Raises:
        ValueError: if ``dim`` is no multiple of ``num_heads``, or ``scale`` is unknown.

    Reference:
        Y. Xiong et al., Nyströmformer, AAAI 2021, https://arxiv.org/abs/2102.03902. torchmil 1.0.2
        leaves out the convolution and the projection; the released codes take ``scale`` over the
        batch.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        num_landmarks: int,
        *,
        iterations: int = 6,
        residual_kernel: int = 33,
        project: bool = True,
        scale: str = "matrix",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"dim={dim} must be a multiple of num_heads={num_heads}")
        if scale not in ("matrix", "bag"):
            raise ValueError(f"scale={scale} is unknown: use matrix or bag")
        self.num_heads, self.num_landmarks = num_heads, num_landmarks
        self.iterations, self.scale, self.residual_kernel = iterations, scale, residual_kernel
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.project = nn.Linear(dim, dim) if project else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.convolution = nn.Identity()
        if residual_kernel:
            self.convolution = nn.Conv2d(
                num_heads,
                num_heads,
                (residual_kernel, 1),
                padding=(residual_kernel // 2, 0),
                groups=num_heads,
                bias=False,
            )

    def forward(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """Attend.

        Args:
            x: ``[B, L, D]``; what comes after a sequence may hold any finite value.
            length: ``[B]`` long, tokens of each sequence, 1 to L - 1.

        Returns:
            ``[B, L, D]``, of no meaning after a sequence.
        """
        return self._attend(x, length, x.shape[1])

    @torch.jit.export
    def first_token(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """What forward gives for the first token alone, ``[B, D]``, at less cost."""
        return self._attend(x, length, 1).squeeze(1)

    @torch.jit.export
    def first_row(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """What the first token attends to, mean over heads: ``[B, L]``.

        The approximation does not keep weights from being negative. Arguments as in forward.
        """
        query, key, _, bias = self._heads(x, length)
        query_mark, key_mark = self._landmarks(query, length), self._landmarks(key, length)
        root = query.shape[3] ** 0.5
        first = torch.softmax(_wide(query[:, :, :1]) @ _wide(key_mark).mT / root, -1)
        first = first @ self._inverse(query_mark, key_mark)
        row = torch.zeros_like(_wide(x[:, :, 0]))
        for head in range(self.num_heads):  # one at a time: each is [B, m, L]
            match = _wide(query_mark[:, head]) @ _wide(key[:, head]).mT / root
            weights = torch.softmax(match + bias[:, 0], -1)
            row = row + (first[:, head] @ weights).squeeze(1)
        return row / self.num_heads

    def _attend(self, x: torch.Tensor, length: torch.Tensor, asked: int) -> torch.Tensor:
        """Output of the first ``asked`` tokens."""
        query, key, value, bias = self._heads(x, length)
        query_mark, key_mark = self._landmarks(query, length), self._landmarks(key, length)
        inverse = self._inverse(query_mark, key_mark).to(value.dtype)
        gathered = F.scaled_dot_product_attention(query_mark, key, value, attn_mask=bias)
        query = query[:, :, :asked]
        out = F.scaled_dot_product_attention(query, key_mark, inverse @ gathered)
        if self.residual_kernel > 0:
            near = value
            if self._has_fixed_length():
                near = value[:, :, : asked + self.residual_kernel // 2]
            out = out + self.convolution(near)[:, :, :asked]
        return self.dropout(self.project(out.transpose(1, 2).flatten(2)))

    def _has_fixed_length(self) -> bool:
        """An exporter would tie the least length to the convolution's reach."""
        return True if torch.jit.is_scripting() else not torch.compiler.is_compiling()

    def _heads(
        self, x: torch.Tensor, length: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys, values ``[B, H, L, D / H]``, and what is added to scores of keys."""
        batch, total, dim = x.shape
        place = torch.arange(total, device=x.device).unsqueeze(0)
        end = length.unsqueeze(1)
        x = x * (place < end).to(x.dtype).unsqueeze(2)
        shape = [batch, total, self.num_heads, dim // self.num_heads]
        # apart: the gradient of a joint product would be three times x
        weights = self.qkv.weight.chunk(3)
        heads = [F.linear(x, part).reshape(shape).transpose(1, 2) for part in weights]
        weight = (place < end).to(x.dtype)
        weight = weight + (place == end).to(x.dtype) * self._padding(length).unsqueeze(1)
        return heads[0], heads[1], heads[2], weight.log().unsqueeze(1).unsqueeze(1)

    def _landmarks(self, heads: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """Means of m runs of tokens, the padding in front included: ``[B, H, m, D / H]``."""
        place = torch.arange(heads.shape[2], device=heads.device).unsqueeze(0)
        run = self._run(length).unsqueeze(1)
        segment = (place + self._padding(length).unsqueeze(1)) // run
        segment = torch.where(place < length.unsqueeze(1), segment, -1)
        flat = heads.transpose(1, 2).flatten(2)
        mean = segment_sum(flat, segment, self.num_landmarks) / run.unsqueeze(2)
        shape = [heads.shape[0], self.num_landmarks, heads.shape[1], heads.shape[3]]
        return mean.to(heads.dtype).reshape(shape).transpose(1, 2)

    def _inverse(self, query_mark: torch.Tensor, key_mark: torch.Tensor) -> torch.Tensor:
        match = _wide(query_mark) @ _wide(key_mark).mT / query_mark.shape[3] ** 0.5
        return iterative_inverse(torch.softmax(match, -1), self.iterations, self.scale)

    def _run(self, length: torch.Tensor) -> torch.Tensor:
        return (length + self.num_landmarks - 1) // self.num_landmarks

    def _padding(self, length: torch.Tensor) -> torch.Tensor:
        return self._run(length) * self.num_landmarks - length


def _wide(x: torch.Tensor) -> torch.Tensor:
    """At least float32."""
    return x if x.dtype == torch.float64 else x.float()
