"""What SRMIL is trained on: the bag's label, and hidden tiles' features from neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from monai_ext.losses.scaled_cosine_error import ScaledCosineError
from monai_ext.networks.blocks.grid_decoder import GridDecoder, replace_rows
from monai_ext.networks.nets.level_channels import level_channels
from monai_ext.networks.nets.srmil import SRMIL, TileGraph
from monai_ext.ops.random_subset import random_subset

REMASKS = ("token", "zero", "none", "random")


class Reconstruction(NamedTuple):
    """Hidden tiles and what became of them; B batch, n tiles read, D width."""

    predictions: list[Tensor]
    """``[B, n, D]``, one a re-masking."""
    target: Tensor
    """``[B, n, D]``, standardised features."""
    masked: Tensor
    """``[B, n]`` bool, True = was hidden."""


class JointReconstruction(nn.Module):
    r"""Classification of the whole and of the masked bag, and reconstruction of what was masked.

    A share of the tiles is replaced by a learned token. The encoder without supernode, a bridge, a
    second masking and a decoder give their features back, compared by the scaled cosine error; the
    encoder with supernode classifies the bag with and without its masked tiles:

    .. math::
        L = (2 - w_g) \big[(2 - w_c) L_{masked} + w_c L_{whole}\big] + w_g L_{rec} .

    The target is the feature as the network standardises it, so with ``standardize`` off it is
    the stored one, which is the method's. Readouts without supernode see one graph only, so one
    masked pass serves both losses. Everything is drawn from torch's global generator.

    Args:
        in_channels: as the network's.
        heads: as the network's.
        head_dim: as the network's.
        levels: as the network's.
        loss: of logits and labels; None: cross-entropy.
        mask_rate: share of the real tiles that is hidden.
        remask: what stands for hidden tiles before the decoder: a learned ``token``, ``zero``,
            ``none`` (they stay), or ``random``: the token for a new choice of ``remask_rate`` of
            all tiles.
        remask_rate: see ``remask="random"``.
        num_remasking: decodings, whose errors are averaged.
        sce_alpha: exponent of the cosine error.
        w_gen: w_g, 0 to 2.
        w_ce: w_c, 0 to 2.
        use_rec: reconstruct.
        use_corrupt_ce: classify the masked bag too.
        renormalise: without a term, the weight that shared with it is 1. So with neither, the loss
            is plain classification; if False, the learning rate in effect is smaller then.
        share_masked_pass: reconstruct from the pass with the supernode: one pass less, and tiles
            hear of the bag as a whole. Not the method's.
        decoder: ``gat``, ``gcn``, ``gin`` or ``mlp`` (not where hidden tiles are masked again).
        decoder_layers: number of its layers.
        residual: of the decoder, see :class:`GridLayer`.
        dropout: of the decoder, see :class:`GridLayer`.
        attention_dropout: of the decoder.
        checkpoint_from: of the decoder, as the network's.

    Raises:
        ValueError: if a name is unknown or a weight out of range.

    Reference:
        SRMIL, WACV 2026, https://arxiv.org/abs/2602.19487, and its released code.
    """

    def __init__(  # noqa: PLR0913
        self,
        in_channels: Sequence[int] | int,
        *,
        heads: int,
        head_dim: int,
        levels: Sequence[int] = (0,),
        loss: nn.Module | None = None,
        mask_rate: float = 0.7,
        remask: str = "token",
        remask_rate: float = 0.2,
        num_remasking: int = 1,
        sce_alpha: float = 1.0,
        w_gen: float = 1.8,
        w_ce: float = 1.0,
        use_rec: bool = True,
        use_corrupt_ce: bool = True,
        renormalise: bool = True,
        share_masked_pass: bool = False,
        decoder: str = "gat",
        decoder_layers: int = 2,
        residual: str = "code",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        checkpoint_from: int | None = 32768,
    ) -> None:
        super().__init__()
        _check_settings(remask, num_remasking, mask_rate, w_gen, w_ce)
        if use_rec and decoder == "mlp" and remask in ("token", "zero"):
            raise ValueError(
                f"decoder=mlp sees of a hidden tile only what stands for it (remask={remask}): "
                "use remask=none or random, or another decoder"
            )
        channels = level_channels(in_channels, levels)[0]
        self.mask_rate, self.remask, self.remask_rate = mask_rate, remask, remask_rate
        self.num_remasking, self.w_gen, self.w_ce = num_remasking, w_gen, w_ce
        self.use_rec, self.use_corrupt_ce = use_rec, use_corrupt_ce
        self.renormalise, self.share_masked_pass = renormalise, share_masked_pass
        self.loss = nn.CrossEntropyLoss() if loss is None else loss
        self.error = ScaledCosineError(sce_alpha)
        self.token = nn.Parameter(0.01 * torch.randn(channels))
        self.decoder = GridDecoder(
            decoder,
            channels,
            heads,
            head_dim,
            layers=decoder_layers,
            residual=residual,
            dropout=dropout,
            attention_dropout=attention_dropout,
            checkpoint_from=checkpoint_from,
        )

    def forward(self, network: nn.Module, bags: Tensor, labels: Tensor) -> Tensor:
        """Loss of a batch.

        Args:
            network: the SRMIL that is trained.
            bags: (B, 4 + D, N).
            labels: (B,) long.

        Returns:
            A scalar.
        """
        return self.combine(self.terms(network, bags), labels)

    def terms(
        self, network: nn.Module, bags: Tensor, masked: Tensor | None = None
    ) -> dict[str, Tensor]:
        """What the loss is made of, without the labels.

        Args:
            network: the SRMIL that is trained.
            bags: (B, 4 + D, N).
            masked: (B, N) bool, tiles to hide; None: they are drawn.

        Returns:
            ``logits`` (B, C) of the whole bag and, where asked for, ``corrupt_logits`` (B, C) of
            the masked one and ``reconstruction`` (B,), the error.
        """
        net = _unwrapped(network)
        graph = net.tile_graph(bags)
        whole = net.reformer(graph.features)
        found = {"logits": _classified(net, graph, whole)[0]}
        if not (self.use_rec or self.use_corrupt_ce):
            return found
        masked = self._masked(graph, masked)
        hidden = self._hidden(net, whole, masked)
        is_shared = self.use_rec and (self.share_masked_pass or not net.has_supernode)
        nodes = None
        if self.use_corrupt_ce:
            found["corrupt_logits"], nodes = _classified(net, graph, hidden, needs_tiles=is_shared)
        if self.use_rec:
            if nodes is None or not is_shared:
                nodes = _without_supernode(net, graph, hidden)
            errors = self._errors(net, graph, nodes, masked)
            found["reconstruction"] = torch.stack(errors).mean(0)
        return found

    def combine(self, terms: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """The loss of :meth:`terms` and labels (B,), a scalar."""
        keeps = not self.renormalise
        scale = 2 - self.w_gen if self.use_rec or keeps else 1.0
        share = self.w_ce if self.use_corrupt_ce or keeps else 1.0
        total = scale * share * self.loss(terms["logits"], labels)
        if self.use_corrupt_ce:
            total = total + scale * (2 - self.w_ce) * self.loss(terms["corrupt_logits"], labels)
        if self.use_rec:
            total = total + self.w_gen * terms["reconstruction"].mean()
        return total

    def reconstruct(
        self, network: nn.Module, bags: Tensor, masked: Tensor | None = None
    ) -> Reconstruction:
        """Hide tiles of ``bags`` and give them back, as :meth:`terms` does without supernode."""
        net = _unwrapped(network)
        graph = net.tile_graph(bags)
        masked = self._masked(graph, masked)
        hidden = self._hidden(net, net.reformer(graph.features), masked)
        nodes = _without_supernode(net, graph, hidden)
        found = [self._decoded(graph, nodes, masked) for _ in range(self.num_remasking)]
        return Reconstruction(found, net.standardized(graph.features), masked)

    def _masked(self, graph: TileGraph, masked: Tensor | None) -> Tensor:
        if masked is None:
            return random_subset(graph.mask, self.mask_rate)
        return masked[:, graph.first : graph.end] & graph.mask

    def _hidden(self, net: SRMIL, whole: Tensor, masked: Tensor) -> Tensor:
        """Reformed features with the token in: a reformer treats every tile alone."""
        return replace_rows(whole, masked, net.reformer.tokens(self.token))

    def _errors(self, net: SRMIL, graph: TileGraph, nodes: Tensor, masked: Tensor) -> list[Tensor]:
        target = net.standardized(graph.features)
        return [
            self.error(self._decoded(graph, nodes, masked), target, masked)
            for _ in range(self.num_remasking)
        ]

    def _decoded(self, graph: TileGraph, nodes: Tensor, masked: Tensor) -> Tensor:
        again, kind = masked, self.remask
        if kind == "random":
            again, kind = random_subset(graph.mask, self.remask_rate), "token"
        shown = self.decoder.masked_nodes(nodes, again, kind)
        return self.decoder(shown, graph.neighbors, graph.mask)


def _classified(
    net: SRMIL, graph: TileGraph, reformed: Tensor, *, needs_tiles: bool = False
) -> tuple[Tensor, Tensor]:
    """Logits, and the tiles where they are needed or the readout reads them."""
    tiles, supernodes, attention = net.encode(
        reformed,
        net.reformed_supernodes(len(reformed)),
        graph.neighbors,
        graph.mask,
        needs_tiles or not net.has_supernode,
    )
    return net.readout(tiles, supernodes, attention, graph.mask)[0], tiles


def _without_supernode(net: SRMIL, graph: TileGraph, reformed: Tensor) -> Tensor:
    return net.encode(reformed, reformed[:, :0], graph.neighbors, graph.mask, True)[0]  # noqa: FBT003


def _unwrapped(network: nn.Module) -> SRMIL:
    inner = network.module if isinstance(network, DistributedDataParallel) else network
    if not isinstance(inner, SRMIL):
        raise TypeError(f"network is {type(inner).__name__}: this objective trains SRMIL")
    return inner


def _check_settings(
    remask: str, num_remasking: int, mask_rate: float, w_gen: float, w_ce: float
) -> None:
    if remask not in REMASKS:
        raise ValueError(f"remask={remask} is unknown: use {', '.join(REMASKS)}")
    if num_remasking < 1:
        raise ValueError(f"num_remasking={num_remasking} must be at least 1")
    if not 0 < mask_rate < 1:
        raise ValueError(f"mask_rate={mask_rate} must be between 0 and 1: 0.7 hides most tiles")
    for name, weight in (("w_gen", w_gen), ("w_ce", w_ce)):
        if not 0 <= weight <= 2:
            raise ValueError(f"{name}={weight} must be from 0 to 2: the other term has 2 - {name}")
