"""TransMIL's positions: depthwise convolutions over the tokens laid out as a square."""

import torch
from torch import nn
from torch.nn import functional as F


class GridConvolution(nn.Module):
    r"""Pyramid position encoding (PPEG): tokens plus their convolutions by 7, 5 and 3.

    .. math:: Y = X + K_7 * X + K_5 * X + K_3 * X

    All are linear, so they run as one depthwise convolution by the sum of the kernels. Squares of
    different sides lie in one canvas; the zeros around a square are its padding.

    Shapes: B batch, L tokens, D width.

    Args:
        dim: D.

    Reference:
        Z. Shao et al., TransMIL, NeurIPS 2021, https://arxiv.org/abs/2106.00908.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.middle = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        self.narrow = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, tokens: torch.Tensor, side: torch.Tensor, canvas_side: int) -> torch.Tensor:
        """Convolve each square.

        Args:
            tokens: ``[B, L, D]``, the first ``side ** 2`` of a bag are its square, row by row; the
                others may hold any finite value.
            side: ``[B]`` long, at least 1.
            canvas_side: S, the largest side; 0 if it is not known (in an exported network): then
                the neighbours of each token are gathered one by one, which is slower.

        Returns:
            ``[B, L, D]``, 0 outside the square.
        """
        place = torch.arange(tokens.shape[1], device=tokens.device).unsqueeze(0)
        wide = side.unsqueeze(1)
        inside = place < wide * wide
        row, col = place // wide, place % wide
        if canvas_side == 0:
            found = self._gathered(tokens, wide, row, col)
        else:
            found = self._canvas(tokens, inside, row, col, canvas_side)
        return found * inside.to(found.dtype).unsqueeze(2)

    def _canvas(
        self,
        tokens: torch.Tensor,
        inside: torch.Tensor,
        row: torch.Tensor,
        col: torch.Tensor,
        side: int,
    ) -> torch.Tensor:
        batch, _, dim = tokens.shape
        # a row of its own below the canvas takes what is in no square
        row, col = torch.where(inside, row, side), torch.where(inside, col, 0)
        bag = torch.arange(batch, device=tokens.device).unsqueeze(1)
        image = tokens.new_zeros([batch, side + 1, side, dim])
        image = image.index_put([bag, row, col], tokens)[:, :side].permute(0, 3, 1, 2)
        found = F.conv2d(image, self._kernel(), self._bias(), padding=3, groups=dim)
        return found.permute(0, 2, 3, 1)[bag, torch.where(inside, row, 0), col]

    def _gathered(
        self, tokens: torch.Tensor, wide: torch.Tensor, row: torch.Tensor, col: torch.Tensor
    ) -> torch.Tensor:
        kernel, found = self._kernel(), self._bias() + torch.zeros_like(tokens)
        place = row * wide + col
        for down in range(-3, 4):
            for right in range(-3, 4):
                there = (row + down >= 0) & (row + down < wide)
                there = there & (col + right >= 0) & (col + right < wide)
                index = torch.where(there, place + down * wide + right, 0)
                # tokens after the square have no neighbours: any index will do
                index = index.clamp(0, tokens.shape[1] - 1)
                near = tokens.gather(1, index.unsqueeze(2).expand_as(tokens))
                near = near * there.to(near.dtype).unsqueeze(2)
                found = found + near * kernel[:, 0, down + 3, right + 3]
        return found

    def _kernel(self) -> torch.Tensor:
        kernel = self.wide.weight + F.pad(self.middle.weight, [1, 1, 1, 1])
        kernel = kernel + F.pad(self.narrow.weight, [2, 2, 2, 2])
        return kernel + F.pad(torch.ones_like(kernel[:, :, :1, :1]), [3, 3, 3, 3])

    def _bias(self) -> torch.Tensor:
        total = torch.zeros_like(self.wide.weight[:, 0, 0, 0])
        for bias in (self.wide.bias, self.middle.bias, self.narrow.bias):
            if bias is not None:
                total = total + bias
        return total
