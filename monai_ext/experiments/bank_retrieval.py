"""Do visual and text prototypes that belong together find the same tiles?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from monai_ext.errors import SettingError
from monai_ext.experiments.held_out_bags import held_out_bags
from monai_ext.experiments.results_table import results_table
from monai_ext.export import find_model, trained_network
from monai_ext.ops.bank_cosine import bank_collapse, bank_cosine


class Retrieval(NamedTuple):
    """Shares between 0 and 1."""

    returned: float
    """Visual prototypes that come back to themselves by way of their best text prototype."""
    tiles: float
    """Of the tiles nearest to a text prototype, those nearest to its visual partner too."""
    chance: float
    """What partners drawn by chance give: 1 / K_v."""
    most_frequent: float
    """Tiles whose nearest visual prototype is the one that is nearest most often: if ``tiles``
    is no higher, one prototype for everything would do as well."""


def retrieval_accuracy(
    affinity: Tensor, to_vision: Tensor, to_text: Tensor, *, tiles: int
) -> Retrieval:
    """Cross-modal retrieval between two banks over a set of tiles.

    Args:
        affinity: ``[K_v, K_t]``, how much prototypes belong together: a transport plan.
        to_vision: ``[N, K_v]`` cosines of tiles and visual prototypes.
        to_text: ``[N, K_t]``.
        tiles: looked at for each text prototype.

    Example:
        >>> perfect = torch.eye(3)
        >>> retrieval_accuracy(perfect, perfect, perfect, tiles=1).tiles
        1.0
    """
    partner = affinity.argmax(0)
    back = partner[affinity.argmax(1)]
    nearest = to_vision.argmax(1)
    top = to_text.topk(min(tiles, len(to_text)), dim=0).indices
    counts = nearest.bincount(minlength=len(affinity))
    return Retrieval(
        float((back == torch.arange(len(affinity))).double().mean()),
        float((nearest[top] == partner).double().mean()),
        1 / len(affinity),
        float(counts.max() / counts.sum()),
    )


def bank_retrieval(run: Path | str, datalist: Path | str, *, tiles: int) -> str:
    """Retrieval between the banks of a trained run, on a split's held-out slides.

    Partners are told by the mean plan, and beside it by the cosine of the prototypes.

    Args:
        run: folder of a training.
        datalist: split.
        tiles: looked at for each text prototype.

    Returns:
        A table, and how much the visual prototypes have become one (mean cosine of pairs; above 0.9
        they have collapsed).

    Raises:
        SettingError: if the network has no visual prototypes.
    """
    network: Any = trained_network(find_model(Path(str(run))))
    found = []
    with torch.inference_mode():
        vision, text = network.projected_banks()
        if len(vision) == 0:
            raise SettingError(
                f"{run} has no visual prototypes", "retrieval is between two banks", "train some"
            )
        for bag, _ in held_out_bags(datalist):
            found.append(network.explain(bag))
    read = [(each["text_similarity"][0] != 0).any(1) for each in found]
    to_vision, to_text = (
        torch.cat([each[name][0][real] for each, real in zip(found, read, strict=True)])
        for name in ("vision_similarity", "text_similarity")
    )
    partners = {"cosine": bank_cosine(vision, text)}
    plans = torch.cat([each["plan"] for each in found])
    if plans.numel():
        partners = {"plan": plans.mean(0)} | partners
    table = results_table(
        {
            f"partners by {name}": retrieval_accuracy(
                affinity, to_vision, to_text, tiles=tiles
            )._asdict()
            for name, affinity in partners.items()
        }
    )
    collapse = float(bank_collapse(vision))
    return f"{table}\nmean cosine of two visual prototypes {collapse:.3f}"
