"""How far reconstructed features point away from the true ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ScaledCosineError(nn.Module):
    r"""Mean over the rows asked for of :math:`(1 - \cos(\hat x_i, x_i))^\alpha`.

    Lengths do not count, so features of any size can be reconstructed. With :math:`\alpha > 1`
    rows that are nearly right count less. A zero vector has cosine 0 to everything.

    Args:
        alpha: exponent, above 0.

    Shapes:
        prediction and target (B, N, D), mask (B, N), result (B,), in 0 .. 2^alpha.

    Raises:
        ValueError: if ``alpha`` is not above 0.

    Reference:
        Z. Hou et al., GraphMAE, KDD 2022, https://arxiv.org/abs/2205.10803. Differs: masks, and a
        mean for each bag.

    Example:
        >>> x, some = torch.eye(2)[None], torch.tensor([[True, False]])
        >>> ScaledCosineError()(x, x, some).tolist(), ScaledCosineError()(x, -x, some).tolist()
        ([0.0], [2.0])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if alpha <= 0:
            raise ValueError(f"alpha={alpha} must be above 0: 1 is the cosine error itself")
        self.alpha = float(alpha)

    def forward(self, prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """Error of each bag.

        Args:
            prediction: (B, N, D); rows that are not asked for may hold any finite value.
            target: (B, N, D).
            mask: (B, N) bool, True = asked for.

        Returns:
            (B,); 0 where no row is asked for.
        """
        prediction = prediction.to(target.dtype)
        product = (prediction * target).sum(-1)
        norms = (prediction * prediction).sum(-1) * (target * target).sum(-1)
        error = 1 - product * norms.clamp_min(1e-24).rsqrt()
        if self.alpha != 1:
            error = error.clamp_min(1e-7) ** self.alpha
        error = torch.where(mask, error, 0.0)
        return error.sum(-1) / mask.sum(-1).clamp_min(1)
