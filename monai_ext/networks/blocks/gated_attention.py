"""Gated attention pooling, with the gradient of a linear head in closed form."""

import torch
from torch import nn

from monai_ext.ops.masked import masked_softmax


class GatedAttention(nn.Module):
    r"""Weighted mean of instances, the weights from a gated hidden layer.

    .. math::
        s_n = q^\top \big(\tanh(V x_n) \circ \sigma(U x_n)\big), \quad
        a = \mathrm{softmax}(s), \quad z = \sum_n a_n x_n .

    A constant added to every score changes nothing, so q has no bias.

    Shapes: B batch, N instances, D width.

    Args:
        channels: D.
        attention_dim: width of the gated hidden layer.
        dropout: probability of dropping a hidden unit of the gate, in training.

    Reference:
        M. Ilse, J. Tomczak, M. Welling, Attention-based Deep Multiple Instance Learning, ICML 2018,
        https://arxiv.org/abs/1802.04712. Differs: masks; no bias after the gate.
    """

    def __init__(self, channels: int, attention_dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.value = nn.Linear(channels, attention_dim)
        self.gate = nn.Linear(channels, attention_dim)
        self.score = nn.Linear(attention_dim, 1, bias=False)
        self.dropout = nn.Dropout(dropout)

    @torch.jit.export
    def scores(self, x: torch.Tensor) -> torch.Tensor:
        """Unnormalised scores ``[..., N]`` of ``x [..., N, D]``, at least float32."""
        gated = torch.tanh(self.value(x)) * torch.sigmoid(self.gate(x))
        score = self.score(self.dropout(gated)).squeeze(-1)
        return score if score.dtype == torch.float64 else score.float()

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pool the real instances.

        Args:
            x: ``[B, N, D]``; masked instances may hold any finite value.
            mask: ``[B, N]`` bool, True = real.

        Returns:
            Pooled ``[B, D]`` (zero where no instance is real) and attention ``[B, N]``.
        """
        attention = masked_softmax(self.scores(x), mask)
        pooled = (attention.to(x.dtype).unsqueeze(1) @ x).squeeze(1)
        return pooled, attention

    @torch.jit.export
    def input_gradient(
        self,
        x: torch.Tensor,
        attention: torch.Tensor,
        pooled: torch.Tensor,
        direction: torch.Tensor,
    ) -> torch.Tensor:
        r"""Gradient of :math:`y = \langle f, z \rangle` to every instance, without autograd.

        .. math::
            \frac{\partial y}{\partial x_n} = a_n f + a_n \langle x_n - z, f \rangle
            \Big( V^\top \big(q \circ g_n \circ (1 - t_n^2)\big)
            + U^\top \big(q \circ t_n \circ g_n \circ (1 - g_n)\big) \Big)

        with :math:`t_n = \tanh(V x_n)`, :math:`g_n = \sigma(U x_n)`. So it works under
        ``no_grad`` and in an exported network. Dropout is not part of it.

        Args:
            x: ``[B, N, D]``, as in :meth:`forward`.
            attention: ``[B, N]``, as forward returned it.
            pooled: ``[B, D]``, as forward returned it.
            direction: f, ``[B, D]``: for a linear head the weights of the class asked for.

        Returns:
            ``[B, N, D]``; 0 for masked instances.
        """
        tanh = torch.tanh(self.value(x))
        gate = torch.sigmoid(self.gate(x))
        through = self.score.weight.squeeze(0)
        slope = (through * gate * (1 - tanh * tanh)) @ self.value.weight
        slope = slope + (through * tanh * gate * (1 - gate)) @ self.gate.weight
        gap = ((x - pooled.unsqueeze(1)) * direction.unsqueeze(1)).sum(-1, keepdim=True)
        gradient = attention.unsqueeze(-1) * (direction.unsqueeze(1) + gap * slope)
        return torch.where((attention > 0).unsqueeze(-1), gradient, 0.0)
