"""What a network of texts and prototypes starts from, set before the first epoch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from monai_ext.data import read_facts
from monai_ext.data.text_embeddings import TextEmbeddings
from monai_ext.errors import SettingError
from monai_ext.networks.nets.libra_mil import LibraMIL
from monai_ext.ops.bag_layout import unpack_bag

_logger = logging.getLogger(__name__)


def start_from_texts(
    network: LibraMIL, texts: TextEmbeddings, files: Sequence[Path | str] | Path | str
) -> None:
    """Put embedded texts into the network, and warn where images lie in another space.

    Args:
        network: its text banks are set.
        texts: of the run.
        files: feature files of one training slide, which say the image encoder.
    """
    first = files if isinstance(files, (str, Path)) else files[0]
    if line := alignment_warning(texts, read_facts(first).encoder_id):
        _logger.warning(line)
    network.set_text(texts.instances, texts.classes)


def alignment_warning(texts: TextEmbeddings, encoder_id: str | None) -> str:
    """A line of warning if the image encoder does not share the texts' space; empty if it does."""
    if encoder_id in texts.aligned_with:
        return ""
    shared = ", ".join(texts.aligned_with) or "no image encoder"
    return (
        f"texts by {texts.encoder_id} share their space with {shared}, the features are "
        f"{encoder_id}'s: their meaning must be learnt from the slides (run text-controls)"
    )


def fit_vision_prototypes(
    network: LibraMIL, bags: Iterable[Tensor], *, seed: int, tiles_per_slide: int
) -> None:
    """Start visual prototypes from k-means centres of training tiles.

    Run it after the standardisation is set: centres are among standardised features.

    Args:
        network: its visual prototypes are set.
        bags: bag tensors ``[4 + D, N]`` of the training part.
        seed: of the drawing of tiles and of k-means.
        tiles_per_slide: most tiles drawn from a bag.

    Raises:
        SettingError: if there are fewer tiles than prototypes.
    """
    from sklearn.cluster import KMeans

    count = len(network.vision_bank)
    if count == 0:
        return
    tiles = _draw(network, bags, seed, tiles_per_slide)
    if len(tiles) < count:
        raise SettingError(
            f"{len(tiles)} training tiles for {count} visual prototypes",
            "k-means needs a tile a prototype",
            "use fewer prototypes, or --vision_init normal",
        )
    settings: dict[str, Any] = {"n_clusters": count, "n_init": 4, "random_state": int(seed)}
    found = KMeans(**settings).fit(network.embed.standardized(tiles).numpy())
    centres = torch.as_tensor(np.asarray(found.cluster_centers_), dtype=torch.float32)
    network.set_vision(centres.to(network.vision_bank.device))


def _draw(network: LibraMIL, bags: Iterable[Tensor], seed: int, most: int) -> Tensor:
    generator = torch.Generator().manual_seed(int(seed))
    drawn = [torch.zeros(0, network.channels)]
    for bag in bags:
        parts = unpack_bag(torch.as_tensor(bag)[None])
        tiles = parts.features[0][parts.level[0] == network.level, : network.channels]
        drawn.append(tiles[torch.randperm(len(tiles), generator=generator)[:most]].cpu())
    return torch.cat(drawn)
