"""Multi-head attention of a few queries over very many weighted instances."""

import torch
from torch import nn

from monai_ext.ops.masked import masked_softmax


class TextQueryAttention(nn.Module):
    r"""Queries attend to the tokens :math:`\alpha_n x_n` of a bag.

    The same function as ``torch.nn.MultiheadAttention`` on those tokens, rearranged so that it
    keeps neither keys nor values: per head, with :math:`q = W_q z`,

    .. math::
        s_n = \alpha_n \langle W_k^\top q, x_n \rangle / \sqrt{e}, \quad
        a = \mathrm{softmax}(s), \quad
        H = W_o \Big( W_v \sum_n a_n \alpha_n x_n + b_v \Big) + b_o .

    The bias of the keys adds one number to all scores of a query, which changes no softmax, so
    there is none. Apart from the bag itself only ``[heads * Q, N]`` numbers grow with N.

    Shapes: B batch, Q queries, N instances, d width, h heads, e = d / h.

    Args:
        width: d, a multiple of ``num_heads``.
        num_heads: h.

    Raises:
        ValueError: if the heads do not divide the width.

    Reference:
        A. Vaswani et al., Attention is all you need, NeurIPS 2017.
    """

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        if num_heads < 1 or width % num_heads:
            raise ValueError(
                f"width={width} must be a multiple of num_heads={num_heads}: "
                f"try num_heads={max(k for k in range(1, min(8, width) + 1) if width % k == 0)}"
            )
        self.num_heads = num_heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(
        self, query: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Attend.

        Args:
            query: ``[Q, d]``, the same for all bags.
            x: ``[B, N, d]``; masked instances may hold any finite value.
            weight: alpha, ``[B, N]``.
            mask: ``[B, N]`` bool, True = real.

        Returns:
            ``[B, Q, d]`` and attention ``[B, h, Q, N]``, which sums to 1 over the real instances.
            Without one it is 0 and the output is that of no value.
        """
        heads, (queries, width) = self.num_heads, query.shape
        split = self.query(query).view(queries, heads, -1).transpose(0, 1)
        key = self.key.weight.view(heads, -1, width)
        asked = (split @ key).reshape(heads * queries, width) * (width // heads) ** -0.5
        weight = weight.unsqueeze(1)
        scores = asked.to(x.dtype) @ x.transpose(1, 2)
        scores = scores if scores.dtype == torch.float64 else scores.float()
        attention = masked_softmax(scores * weight, mask.unsqueeze(1))
        pooled = (attention * weight).to(x.dtype) @ x
        pooled = pooled.view(x.shape[0], heads, queries, width)
        value = self.value.weight.view(heads, -1, width).to(pooled.dtype)
        found = pooled @ value.transpose(1, 2)
        attention = attention.view(x.shape[0], heads, queries, x.shape[1])
        held = attention.sum(-1, keepdim=True).to(found.dtype)
        found = found + held * self.value.bias.view(heads, 1, -1).to(found.dtype)
        found = found.transpose(1, 2).reshape(x.shape[0], queries, width)
        return self.out(found), attention
