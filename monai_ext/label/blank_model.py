"""A segmenter that has learnt nothing but its encoder, as the folder that a server takes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export import ModelFolder
from monai_ext.export.model_folder import INFERENCE, METADATA, WEIGHTS
from monai_ext.export.trained_network import untrained_network


def write_blank_model(
    folder: Path, bundle: str, values: Mapping[str, Any], seed: int
) -> ModelFolder:
    """Write a run folder with the encoder's own weights and a decoder drawn at random.

    Args:
        folder: new.
        bundle: name of a segmentation bundle.
        values: ids of its ``inference.json``: classes, decoder, um a pixel, window.
        seed: of the decoder.

    Raises:
        SettingError: for ids that the config does not have.
    """
    configs = find_bundle(bundle) / "configs"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # noqa: TID251  layers draw from the global generator
        network = untrained_network(configs, values)
    make_folder(folder)
    config = json.loads((configs / INFERENCE).read_text(encoding="utf-8")) | dict(values)
    with write_atomically(folder / INFERENCE) as partial:
        partial.write_text(json.dumps(config, indent=2), encoding="utf-8")
    shutil.copyfile(configs / METADATA, folder / METADATA)
    with write_atomically(folder / WEIGHTS) as partial:
        torch.save(network.state_dict(), partial)
    return ModelFolder(folder, folder / WEIGHTS)
