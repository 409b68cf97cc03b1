"""Spatially regularised MIL: a graph network on the tile grid, read out by a supernode."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from monai_ext.networks.blocks.bag_readout import build_readout
from monai_ext.networks.blocks.feature_reformer import REFORMERS
from monai_ext.networks.blocks.grid_layer import GridLayer, run_layer
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.ops.bag_layout import BagParts, unpack_bag
from monai_ext.ops.grid_neighbors import (
    GridNeighbors,
    flatten_neighbors,
    grid_neighbors,
    grid_offsets,
)
from monai_ext.ops.level_window import level_window
from monai_ext.ops.shuffled_cells import shuffled_cells


class TileGraph(NamedTuple):
    """The tiles of one level as a graph; B batch, n tiles read, D width."""

    features: torch.Tensor
    """``[B, n, D]`` as stored."""
    mask: torch.Tensor
    """``[B, n]`` bool, True = real."""
    neighbors: GridNeighbors
    """Of the tiles, B * n rows."""
    first: int
    """Column of the bag that holds the first of the n tiles."""
    end: int
    """One past the last."""


class SRMIL(nn.Module):
    r"""Graph attention among neighbouring tiles, classified by a supernode that hears all of them.

    Two tiles are neighbours if their distance on the grid is at most ``1.42 * window`` tiles.
    Features are reformed, pass ``layers`` graph layers, and the readout makes logits of the nodes.
    This is the deployed classifier; masks, tokens and decoder belong to the training objective,
    :class:`monai_ext.engines.JointReconstruction`.

    Readouts: ``supernode`` (the method's): learned nodes with edges from every tile, and to every
    tile where ``bidirectional``; the mean over heads and supernodes is classified. Without
    supernode: ``attention``, gated attention over tiles; ``mean``; ``lse``, which is ours: a linear
    score a tile after the graph, log-sum-exp over tiles minus the log of their number. It is the
    smallest change after which the best few tiles decide, as they do in scorers of regions.

    Shapes: B batch, N instances, D feature width, C classes, S supernodes.

    Args:
        in_channels: D, see :func:`level_channels`.
        num_classes: C.
        heads: heads of attention.
        head_dim: width of a head; nodes are ``heads * head_dim`` wide.
        classifier_dim: width of the hidden layer of the classifier; ``lse`` has none.
        attention_dim: width of the gate of ``readout="attention"``; None: ``classifier_dim``.
        levels: the one level read, e.g. [0]; the bag may hold more.
        layers: number of graph layers, at least 1.
        window: reach of the neighbourhood: 1 is 3 x 3 tiles, 2 is 5 x 5, 3 a disc of 61.
        encoder: ``gat``, ``gcn``, ``gin`` or ``mlp`` (no edges; not with supernodes).
        readout: ``supernode``, ``attention``, ``mean`` or ``lse``.
        n_super: S, number of supernodes.
        bidirectional: tiles hear supernodes too.
        reformer: ``linear``, ``identity`` or ``mlp``, see :class:`LinearReformer`.
        residual: ``code``, ``identity`` or ``none``, see :class:`GridLayer`. With ``none`` a tile
            reaches the readout through its neighbourhood only.
        spatial: ``true``; ``shuffled``: tiles change places within their bag, by a permutation
            that depends on the places only, see :func:`shuffled_cells`; ``none``: no edges between
            tiles. The controls of every claim about neighbourhoods.
        shuffle_seed: of ``shuffled``.
        dropout: of the input of each graph layer, in training.
        attention_dropout: of attention weights, in training.
        head_dropout: in the classifier, in training.
        temperature: of ``lse``, in units of the score.
        learn_temperature: it is trained, from there.
        checkpoint_from: tiles in a batch from which on layers are computed again in the backward
            pass instead of kept; same numbers, a third more time, and a bag of 200,000 tiles
            trains in memory. None: never.

    Raises:
        ValueError: if a name is unknown, a number out of range, or there is more than one level.

    Reference:
        SRMIL, WACV 2026, https://arxiv.org/abs/2602.19487, and its released code. Differs:
        features are standardised by statistics of the training part; tokens live among
        standardised features; the last layer computes no tiles that nobody reads; ``lse``,
        ``spatial`` and ``attention``'s gate are ours.
    """

    def __init__(  # noqa: PLR0913
        self,
        in_channels: Sequence[int] | int,
        num_classes: int,
        *,
        heads: int,
        head_dim: int,
        classifier_dim: int,
        attention_dim: int | None = None,
        levels: Sequence[int] = (0,),
        layers: int = 2,
        window: int = 2,
        encoder: str = "gat",
        readout: str = "supernode",
        n_super: int = 1,
        bidirectional: bool = True,
        reformer: str = "linear",
        residual: str = "code",
        spatial: str | bool | None = "true",
        shuffle_seed: int = 0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        head_dropout: float = 0.0,
        temperature: float = 1.0,
        learn_temperature: bool = False,
        checkpoint_from: int | None = 32768,
    ) -> None:
        super().__init__()
        channels = _one_level(in_channels, levels)
        self.spatial = spatial_name(spatial)
        _check_settings(encoder, readout, reformer, layers, n_super)
        self.level, self.channels, self.heads = levels[0], channels, heads
        self.window = 0 if self.spatial == "none" else window
        self.slots = len(grid_offsets(self.window))
        self.shuffle_seed, self.width = shuffle_seed, heads * head_dim
        self.has_supernode, self.checkpoint_from = readout == "supernode", checkpoint_from
        self.reformer = REFORMERS[reformer](channels, self.width)
        self.supernodes = nn.Parameter(
            0.01 * torch.randn(n_super if self.has_supernode else 0, channels),
            requires_grad=self.has_supernode,
        )
        self.layers = nn.ModuleList(
            GridLayer(
                encoder,
                channels if k == 0 else self.width,
                heads,
                head_dim,
                residual=residual,
                dropout=dropout,
                attention_dropout=attention_dropout,
                is_bidirectional=bidirectional,
            )
            for k in range(layers)
        )
        self.readout = build_readout(
            readout,
            self.width,
            heads if encoder == "gat" else 1,
            num_classes,
            hidden_dim=classifier_dim,
            attention_dim=classifier_dim if attention_dim is None else attention_dim,
            dropout=head_dropout,
            temperature=temperature,
            learn_temperature=learn_temperature,
        )

    def forward(self, bag: torch.Tensor) -> torch.Tensor:
        """Classify.

        Args:
            bag: ``[B, 4 + D, N]``, see :mod:`monai_ext.ops.bag_layout`.

        Returns:
            Logits ``[B, C]``, float32.
        """
        return self._run(bag)[0]

    @torch.jit.export
    def explain(self, bag: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the prediction rests on.

        Args:
            bag: as in :meth:`forward`.

        Returns:
            ``logits [B, C]``; ``attention [B, N]``: the supernodes' in the last layer, averaged
            over heads, or the readout's; sums to 1 over the level read, 0 elsewhere. With
            ``readout="lse"`` also ``instance_logits [B, N, C]``, 0 elsewhere.
        """
        logits, attention, scores = self._run(bag)
        found = {"logits": logits, "attention": attention}
        if scores.shape[2] > 0:
            found["instance_logits"] = scores
        return found

    @torch.jit.unused
    def input_layers(self) -> list[tuple[int, Any]]:
        """Level and the layer that reads the features."""
        return [(self.level, self.reformer.first)]

    @torch.jit.unused
    def tile_graph(self, bag: torch.Tensor) -> TileGraph:
        """The tiles of the level read, of ``bag [B, 4 + D, N]``."""
        parts = unpack_bag(bag)
        first, end = level_window(parts.level, self.level)
        return self._graph(parts, first, end)

    @torch.jit.unused
    def standardized(self, features: torch.Tensor) -> torch.Tensor:
        """Features ``[..., D]`` by the statistics of the training part: what is reconstructed."""
        return (features - self.reformer.first.mean) / self.reformer.first.std

    @torch.jit.export
    def reformed_supernodes(self, batch: int) -> torch.Tensor:
        """The supernodes of each bag, ``[B, S, D]``; S is 0 where the readout needs none."""
        return self.reformer.tokens(self.supernodes).unsqueeze(0).expand(batch, -1, -1)

    @torch.jit.export
    def encode(
        self,
        tiles: torch.Tensor,
        supernodes: torch.Tensor,
        neighbors: GridNeighbors,
        mask: torch.Tensor,
        needs_tiles: bool,  # noqa: FBT001  (positional for TorchScript)
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """All graph layers.

        Args:
            tiles: ``[B, n, D]``, reformed.
            supernodes: ``[B, S, D]``, reformed; S = 0: the graph without supernodes.
            neighbors: of the tiles.
            mask: ``[B, n]`` bool, True = real.
            needs_tiles: False: the last layer computes supernodes only.

        Returns:
            Tiles ``[B, n, K]``, supernodes ``[B, S, K]``, attention of the supernodes in the last
            layer ``[B, S, n]``.
        """
        attention = tiles.new_zeros(supernodes.shape[0], supernodes.shape[1], tiles.shape[1])
        for i, layer in enumerate(self.layers):
            needed = needs_tiles or i + 1 < len(self.layers)
            if torch.jit.is_scripting():
                tiles, supernodes, attention = layer(tiles, supernodes, neighbors, mask, needed)
            else:
                tiles, supernodes, attention = run_layer(
                    layer, self.checkpoint_from, tiles, supernodes, neighbors, mask, needed
                )
        return tiles, supernodes, attention

    def _run(self, bag: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits, attention ``[B, N]``, logits of tiles ``[B, N, C]`` or ``[B, N, 0]``."""
        parts = unpack_bag(bag)
        total = parts.level.shape[1]
        first, end = 0, total
        if not torch.jit.is_scripting():
            first, end = level_window(parts.level, self.level)
        graph = self._graph(parts, first, end)
        tiles, supernodes, attention = self.encode(
            self.reformer(graph.features),
            self.reformed_supernodes(bag.shape[0]),
            graph.neighbors,
            graph.mask,
            not self.has_supernode,
        )
        logits, share, scores = self.readout(tiles, supernodes, attention, graph.mask)
        share = nn.functional.pad(share, [first, total - end])
        scores = torch.where(graph.mask.unsqueeze(2), scores, 0.0)
        return logits, share, nn.functional.pad(scores, [0, 0, first, total - end])

    def _graph(self, parts: BagParts, first: int, end: int) -> TileGraph:
        level, row, col = (
            parts.level[:, first:end],
            parts.row[:, first:end],
            parts.col[:, first:end],
        )
        if self.spatial == "shuffled":
            row, col = shuffled_cells(level, row, col, self.level, self.shuffle_seed)
        table = grid_neighbors(level, row, col, self.level, self.window)
        features = parts.features[:, first:end, : self.channels]
        neighbors = flatten_neighbors(table, self.heads)
        return TileGraph(features, level == self.level, neighbors, first, end)


def spatial_name(spatial: str | bool | None) -> str:  # noqa: FBT001  (as a command line has it)
    """``true``, ``shuffled`` or ``none``, as a command line may give them.

    Raises:
        ValueError: if it is none of these.

    Example:
        >>> spatial_name(True), spatial_name("Shuffled"), spatial_name(None)
        ('true', 'shuffled', 'none')
    """
    name = str(spatial).lower()
    if name not in ("true", "shuffled", "none"):
        raise ValueError(f"spatial={spatial} is unknown: use true, shuffled or none")
    return name


def _one_level(in_channels: Sequence[int] | int, levels: Sequence[int]) -> int:
    if len(levels) != 1:
        raise ValueError(
            f"levels={list(levels)}: SRMIL reads one magnification, e.g. [0]; the bag may hold more"
        )
    return level_channels(in_channels, levels)[0]


def _check_settings(encoder: str, readout: str, reformer: str, layers: int, n_super: int) -> None:
    if reformer not in REFORMERS:
        raise ValueError(f"reformer={reformer} is unknown: use {', '.join(REFORMERS.names)}")
    if encoder == "mlp" and readout == "supernode":
        raise ValueError(
            "encoder=mlp has no edges, so a supernode hears nothing: "
            "use readout=attention, mean or lse"
        )
    for name, value in (("layers", layers), ("n_super", n_super)):
        if value < 1:
            raise ValueError(f"{name}={value} must be at least 1")
