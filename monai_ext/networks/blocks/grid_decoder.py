"""From the nodes of a graph of tiles back to the tiles' features."""

import torch
from torch import nn

from monai_ext.networks.blocks.grid_layer import GridLayer, run_layer
from monai_ext.ops.grid_neighbors import GridNeighbors


class GridDecoder(nn.Module):
    r"""A linear bridge, a token in the place of some tiles, and graph layers to the features.

    The last layer has one head as wide as the features, no residual, normalisation or activation.

    Shapes: B batch, N tiles, K node width, D feature width.

    Args:
        kind: ``gat``, ``gcn``, ``gin`` or ``mlp``, see :class:`GridLayer`.
        channels: D.
        heads: of all layers but the last.
        head_dim: K is ``heads * head_dim``.
        layers: number of layers, at least 1.
        residual: of all layers but the last.
        dropout: of each layer's input, in training.
        attention_dropout: of attention weights, in training.
        checkpoint_from: see :func:`run_layer`.
    """

    def __init__(  # noqa: PLR0913
        self,
        kind: str,
        channels: int,
        heads: int,
        head_dim: int,
        *,
        layers: int = 2,
        residual: str = "code",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        checkpoint_from: int | None = None,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers={layers} must be at least 1")
        width, self.checkpoint_from = heads * head_dim, checkpoint_from
        self.bridge = nn.Linear(width, width, bias=False)
        nn.init.xavier_normal_(self.bridge.weight, gain=1.414)
        self.token = nn.Parameter(0.01 * torch.randn(width))
        hidden = [
            GridLayer(
                kind,
                width,
                heads,
                head_dim,
                residual=residual,
                dropout=dropout,
                attention_dropout=attention_dropout,
            )
            for _ in range(layers - 1)
        ]
        last = GridLayer(
            kind,
            width,
            1,
            channels,
            residual="none",
            is_output=True,
            dropout=dropout,
            attention_dropout=attention_dropout,
        )
        self.layers = nn.ModuleList([*hidden, last])

    def masked_nodes(self, nodes: torch.Tensor, hidden: torch.Tensor, remask: str) -> torch.Tensor:
        """Bridge the nodes ``[B, N, K]`` and hide those of ``hidden [B, N]``.

        Args:
            nodes: from the encoder.
            hidden: True = hidden.
            remask: ``token`` puts the learned one there, ``zero`` zeros, ``none`` nothing.
        """
        bridged = self.bridge(nodes)
        if remask == "none":
            return bridged
        token = self.token if remask == "token" else torch.zeros_like(self.token)
        return replace_rows(bridged, hidden, token)

    def forward(
        self, nodes: torch.Tensor, neighbors: GridNeighbors, mask: torch.Tensor
    ) -> torch.Tensor:
        """Features ``[B, N, D]`` of nodes ``[B, N, K]``; ``mask [B, N]``, True = real."""
        nobody = nodes[:, :0]
        for layer in self.layers:
            nodes, nobody, _ = run_layer(
                layer, self.checkpoint_from, nodes, nobody, neighbors, mask
            )
        return nodes


def replace_rows(rows: torch.Tensor, chosen: torch.Tensor, token: torch.Tensor) -> torch.Tensor:
    """Rows ``[B, N, D]``, finite, with ``token [D]`` where ``chosen [B, N]``.

    By products, which take a quarter of the time of ``torch.where`` and its gradient.
    """
    here = chosen.unsqueeze(2).to(rows.dtype)
    return rows * (1 - here) + here * token
