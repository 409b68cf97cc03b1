"""TransMIL: instances as a squared sequence, two attention layers, a class token."""

import math

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from monai_ext.networks.blocks.grid_convolution import GridConvolution
from monai_ext.networks.blocks.instance_embedding import InstanceEmbedding
from monai_ext.networks.blocks.nystrom_attention import NystromAttention
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear


class TransMILBranch(nn.Module):
    r"""Classify the class token of a transformer over all instances.

    The n embedded instances, in the bag's order, are filled up to :math:`\lceil\sqrt n\rceil^2` by
    the first of them, a class token goes in front, and
    :math:`X \leftarrow X + \mathrm{Nystrom}(\mathrm{LN}(X))`, position encoding on the square,
    and the same layer again follow. Order matters: bags are in raster order.

    Padding changes nothing: a bag is laid out by its own length inside the batch's canvas.

    Shapes: B batch, N instances, D width, d hidden width, C classes, H heads, m landmarks.

    Args:
        in_channels: D.
        num_classes: C.
        hidden_dim: d, a multiple of ``num_heads``.
        num_heads: H.
        num_landmarks: m; None: d / 2, as released.
        iterations: of the pseudo-inverse.
        residual_kernel: see :class:`NystromAttention`, as are ``project`` and ``scale``.
        project: linear layer after the heads.
        scale: ``matrix`` (the article of the attention) or ``bag``.
        dropout: probability, on the embedding and after each attention, in training.
        checkpoint_above: instances above which training computes each step twice instead of
            keeping it, which bounds memory.

    Reference:
        Z. Shao et al., TransMIL, NeurIPS 2021, https://arxiv.org/abs/2106.00908. torchmil 1.0.2
        differs: neither convolution of the values nor projection, one norm of the inverse for the
        whole batch (``residual_kernel=0, project=False, scale="bag"`` is its function for one
        bag), no masks.
    """

    def __init__(  # noqa: PLR0913
        self,
        in_channels: int,
        num_classes: int,
        hidden_dim: int,
        *,
        num_heads: int = 8,
        num_landmarks: int | None = None,
        iterations: int = 6,
        residual_kernel: int = 33,
        project: bool = True,
        scale: str = "matrix",
        dropout: float = 0.0,
        checkpoint_above: int = 20000,
    ) -> None:
        super().__init__()
        self.embed = InstanceEmbedding(in_channels, hidden_dim, dropout)
        self.class_token = nn.Parameter(torch.randn(1, 1, hidden_dim))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_dim) for _ in range(2))
        self.attentions = nn.ModuleList(
            NystromAttention(
                hidden_dim,
                num_heads,
                num_landmarks or max(1, hidden_dim // 2),
                iterations=iterations,
                residual_kernel=residual_kernel,
                project=project,
                scale=scale,
                dropout=dropout,
            )
            for _ in range(2)
        )
        self.positions = GridConvolution(hidden_dim)
        self.norm = nn.LayerNorm(hidden_dim)
        self.classifier = nn.Linear(hidden_dim, num_classes)
        self.checkpoint_above = checkpoint_above

    def forward(
        self,
        features: torch.Tensor,
        mask: torch.Tensor,
        region: torch.Tensor,  # noqa: ARG002  one signature for all branches
    ) -> torch.Tensor:
        """Logits ``[B, C]``, see :meth:`explain`."""
        if not torch.jit.is_scripting():  # noqa: SIM102  scripts skip what it holds
            if self.training and mask.shape[1] > self.checkpoint_above:
                return self._checkpointed(features, mask)
        x, length, _, side = self._tokens(features, mask)
        last = self._last(self._place(self._first(x, length), length, side), length)
        return self.classifier(self.norm(last)).float()

    @torch.jit.unused
    def _checkpointed(self, features: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The same, each step computed again in the backward pass."""
        x, length, _, side = checkpoint(self._tokens, features, mask, use_reentrant=False)
        x = checkpoint(self._first, x, length, use_reentrant=False)
        x = checkpoint(self._place, x, length, side, use_reentrant=False)
        last = checkpoint(self._last, x, length, use_reentrant=False)
        return self.classifier(self.norm(last)).float()

    @torch.jit.export
    def explain(
        self,
        features: torch.Tensor,
        mask: torch.Tensor,
        region: torch.Tensor,  # noqa: ARG002  one signature for all branches
    ) -> dict[str, torch.Tensor]:
        """Classify one level.

        Args:
            features: ``[B, N, D]`` with N at least 1; masked instances may hold any finite value.
            mask: ``[B, N]`` bool, True = real.
            region: not read.

        Returns:
            ``logits [B, C]`` and ``attention [B, N]``: what the class token attends to in the last
            layer, mean over heads, negative weights of the approximation cut off, scaled to sum 1.
        """
        x, length, source, side = self._tokens(features, mask)
        x = self._place(self._first(x, length), length, side)
        row = torch.zeros_like(x[:, :, 0])
        for i, (norm, attention) in enumerate(zip(self.norms, self.attentions)):  # noqa: B905
            if i == 1:
                row = attention.first_row(norm(x), length)  # pyright: ignore[reportCallIssue]
        place = torch.arange(source.shape[1], device=x.device).unsqueeze(0)
        share = torch.where(place < length.unsqueeze(1) - 1, row[:, 1:-1].clamp_min(0), 0.0)
        found = torch.zeros_like(mask, dtype=torch.float32).scatter_add(1, source, share)
        total = (found * mask).sum(1, keepdim=True)
        even = mask.float() / mask.sum(1, keepdim=True).clamp_min(1)
        kept = torch.where(total > 0, found * mask / torch.where(total > 0, total, 1.0), even)
        return {
            "logits": self.classifier(self.norm(self._last(x, length))).float(),
            "attention": kept,
        }

    @torch.jit.unused
    def input_layers(self) -> list[StandardizedLinear]:
        """Layers that read the features."""
        return [self.embed.linear]

    def _tokens(
        self, features: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
        """Class token, squared sequence, a spare token; tokens used; instance of each; side."""
        hidden = self.embed(features)
        batch, number, dim = hidden.shape
        side = math.ceil(math.sqrt(number)) if self._own_side() else 0
        total = side * side if side > 0 else 2 * number
        count = mask.sum(1)
        order = torch.argsort((~mask).to(torch.uint8), dim=1, stable=True)
        place = torch.arange(total, device=mask.device).unsqueeze(0)
        source = order.gather(1, place % count.clamp_min(1).unsqueeze(1))
        tokens = hidden.gather(1, source.unsqueeze(2).expand(-1, -1, dim))
        first = self.class_token.to(hidden.dtype).expand(batch, -1, -1)
        x = torch.cat([first, tokens, torch.zeros_like(first)], 1)
        return x, self._side(count) * self._side(count) + 1, source, side

    def _own_side(self) -> bool:
        """Whether the canvas is as small as can be; an exporter knows no root of a length."""
        return True if torch.jit.is_scripting() else not torch.compiler.is_compiling()

    def _side(self, count: torch.Tensor) -> torch.Tensor:
        """Smallest square's side that holds so many."""
        return count.double().sqrt().ceil().long()

    def _first(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """All tokens after the first layer."""
        for i, (norm, attention) in enumerate(zip(self.norms, self.attentions)):  # noqa: B905
            if i == 0:
                x = x + attention(norm(x), length)
        return x

    def _last(self, x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """The class token after the second layer, ``[B, d]``: no other is read."""
        found = x[:, 0]
        for i, (norm, attention) in enumerate(zip(self.norms, self.attentions)):  # noqa: B905
            if i == 1:
                found = found + attention.first_token(norm(x), length)  # pyright: ignore[reportCallIssue]
        return found

    def _place(self, x: torch.Tensor, length: torch.Tensor, side: int) -> torch.Tensor:
        own = self._side(length - 1).clamp_min(1)
        return torch.cat([x[:, :1], self.positions(x[:, 1:-1], own, side), x[:, -1:]], 1)
