"""A layer of a graph network on the tile grid: message, residual, normalisation, activation."""

from typing import Any

import torch
from monai.utils import ComponentStore
from torch import nn
from torch.utils.checkpoint import checkpoint

from monai_ext.networks.blocks.gat_message import GATMessage
from monai_ext.networks.blocks.gcn_message import GCNMessage
from monai_ext.networks.blocks.gin_message import GINMessage
from monai_ext.networks.blocks.no_message import NoMessage
from monai_ext.networks.blocks.quick_dropout import QuickDropout
from monai_ext.networks.blocks.quick_prelu import QuickPReLU
from monai_ext.ops.grid_neighbors import GridNeighbors

GRID_MESSAGES = ComponentStore("grid messages", "what a tile hears of the tiles around it")
GRID_MESSAGES.add("gat", "attention", GATMessage)
GRID_MESSAGES.add("gcn", "mean by number of neighbours", GCNMessage)
GRID_MESSAGES.add("gin", "perceptron on the sum with the mean", GINMessage)
GRID_MESSAGES.add("mlp", "nothing: each tile alone", NoMessage)


class GridLayer(nn.Module):
    r"""Dropout, message, bias, residual, layer normalisation, PReLU.

    Tiles and supernodes share all parameters.

    Shapes: B batch, N tiles, S supernodes, D input width, K = ``heads * head_dim`` output width.

    Args:
        kind: ``gat``, ``gcn``, ``gin`` or ``mlp``.
        in_dim: D.
        heads: number of heads; others than ``gat`` know only the product with ``head_dim``.
        head_dim: width of a head.
        residual: ``code``: a linear layer of the input where D differs from K, nothing where it
            does not, which is what the released code of SRMIL does; ``identity``: the input itself
            there; ``none``: nothing.
        dropout: of the input, in training.
        attention_dropout: of attention weights, in training.
        is_bidirectional: tiles hear supernodes too.
        is_output: neither normalisation nor activation.

    Raises:
        ValueError: if a name is unknown.
    """

    def __init__(  # noqa: PLR0913
        self,
        kind: str,
        in_dim: int,
        heads: int,
        head_dim: int,
        *,
        residual: str = "code",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        is_bidirectional: bool = True,
        is_output: bool = False,
    ) -> None:
        super().__init__()
        width = heads * head_dim
        check_layer_names(kind, residual)
        self.message = GRID_MESSAGES[kind](
            in_dim, heads, head_dim, attention_dropout, is_bidirectional=is_bidirectional
        )
        self.dropout = QuickDropout(dropout)
        self.bias = nn.Parameter(torch.zeros(width))
        self.adds_input = residual == "identity" and in_dim == width
        self.has_shortcut = residual != "none" and in_dim != width
        self.shortcut = nn.Identity()
        if self.has_shortcut:
            self.shortcut = nn.Linear(in_dim, width, bias=False)
            nn.init.xavier_normal_(self.shortcut.weight, gain=nn.init.calculate_gain("relu"))
        self.finish = nn.Identity()
        if not is_output:
            self.finish = nn.Sequential(nn.LayerNorm(width), QuickPReLU())

    def forward(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,
        neighbors: GridNeighbors,
        mask: torch.Tensor,
        needs_tiles: bool = True,  # noqa: FBT001, FBT002  (positional for TorchScript)
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The next features of all nodes.

        Args:
            tiles: ``[B, N, D]``.
            supernodes: ``[B, S, D]``; S may be 0.
            neighbors: of the tiles, B * N rows.
            mask: ``[B, N]`` bool, True = real.
            needs_tiles: False: only supernodes are asked for; what stands for tiles then means
                nothing.

        Returns:
            Tiles ``[B, N, K]``, supernodes ``[B, S, K]`` and what each tile counts for a
            supernode, ``[B, S, N]``.
        """
        tiles, supernodes = self.dropout(tiles), self.dropout(supernodes)
        message, heard, attention = self.message(tiles, supernodes, neighbors, mask, needs_tiles)
        if needs_tiles:
            message = self._finished(message, tiles)
        if supernodes.shape[1] > 0:
            heard = self._finished(heard, supernodes)
        return message, heard, attention

    def _finished(self, message: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        if self.has_shortcut:
            return self.finish(message + (self.shortcut(x) + self.bias))
        if self.adds_input:
            message = message + x
        return self.finish(message + self.bias)


@torch.jit.unused
def run_layer(
    layer: nn.Module, checkpoint_from: int | None, tiles: torch.Tensor, *others: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Call a layer, keeping only its inputs for the backward pass where a batch is long.

    Args:
        layer: of :class:`GridLayer`.
        checkpoint_from: tiles of a long batch; None: none is.
        tiles: ``[B, n, D]``.
        others: the layer's further inputs.
    """
    is_exported = torch.compiler.is_compiling() or torch.jit.is_tracing()
    if checkpoint_from is None or is_exported or not torch.is_grad_enabled():
        return layer(tiles, *others)
    if tiles.shape[0] * tiles.shape[1] < checkpoint_from:
        return layer(tiles, *others)
    return checkpoint(layer, tiles, *others, use_reentrant=False)  # pyright: ignore[reportReturnType]


def check_layer_names(kind: str, residual: str) -> None:
    """Refuse what :class:`GridLayer` would; a network calls it when it is built."""
    if kind not in GRID_MESSAGES:
        raise ValueError(f"layer kind {kind} is unknown: use {', '.join(GRID_MESSAGES.names)}")
    if residual not in ("code", "identity", "none"):
        raise ValueError(f"residual={residual} is unknown: use code, identity or none")
