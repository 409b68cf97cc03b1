"""A run's network, out of its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from monai_ext.data import load_bag, load_datalist
from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import INFERENCE

MODEL = "model.pt"


def trained_network(run: Path | str, overrides: Mapping[str, Any] | None = None) -> nn.Module:
    """Build the network of ``RUN/inference.json`` and load ``RUN/model.pt``.

    Args:
        run: folder of a training.
        overrides: config ids whose change keeps the shapes of the weights.

    Returns:
        The network in evaluation mode, on the CPU.

    Raises:
        SettingError: if the folder is no run, or the weights do not fit.
    """
    from monai.bundle import ConfigParser

    run = Path(str(run))
    missing = [name for name in (INFERENCE, MODEL) if not (run / name).is_file()]
    if missing:
        raise SettingError(
            f"{run} has no {' and no '.join(missing)}",
            "a run folder is what training wrote",
            "give the --output_dir of a training",
        )
    parser = ConfigParser()
    parser.read_config(str(run / INFERENCE))
    parser.update(dict(overrides or {}))
    network: Any = parser.get_parsed_content("network_def")
    try:
        network.load_state_dict(torch.load(run / MODEL, weights_only=True, map_location="cpu"))
    except RuntimeError as error:
        raise SettingError(
            f"{run / MODEL} does not fit its network ({str(error).splitlines()[1:2]})",
            "overrides keep the shapes of the weights",
            "leave them out",
        ) from error
    return network.eval()


def held_out_bags(datalist: Path | str) -> Iterator[tuple[Tensor, int]]:
    """Bag ``[1, 4 + D, N]`` and label of each held-out slide of a split."""
    for item in load_datalist(Path(str(datalist))).test:
        bag, _ = load_bag(item["image"], is_spatial=False)
        yield bag[None], int(item["label"])
