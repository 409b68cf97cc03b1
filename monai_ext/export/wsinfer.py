"""WSInfer's model format: a trained slide network scores tiles inside QuPath."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import torch

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.errors import SettingError
from monai_ext.export.agreement import require_agreement
from monai_ext.export.model_folder import ModelFolder
from monai_ext.export.tile_scorer import TileScorer
from monai_ext.export.torchscript import to_torchscript, without_sources
from monai_ext.export.trained_network import trained_network
from monai_ext.networks.encoders import PatchEncoder, build_patch_encoder

SCRIPT, CONFIG, RECORD = "torchscript_model.pt", "config.json", "run.json"
TRIED = 5
"""Batches on which the script is held against the network."""


def write_wsinfer(model: ModelFolder, folder: Path, encoder: dict[str, Any] | None = None) -> float:
    """Write ``torchscript_model.pt`` and ``config.json`` of a run that reads one magnification.

    The configuration is WSInfer's (``spec_version`` 1.0): tiles of ``patch_size_pixels`` at
    ``spacing_um_px``, brought to 0..1; logits come back, which QuPath's extension and ``wsinfer``
    turn into probabilities. Normalisation is part of the network.

    Args:
        model: run folder of a training; its ``run.json`` names encoder and tile grid.
        folder: to write into.
        encoder: arguments of the patch encoder, e.g. its checkpoint.

    Returns:
        Largest difference from the network on random tiles.

    Raises:
        SettingError: if the run reads several magnifications, its features do not say how they
            were made, or the encoder at hand has other weights than theirs.
        BundleError: if the script differs from the network.
    """
    record = _record(model)
    level, tile_px = _level(model), int(record["grid"]["tile_px"])
    network = trained_network(model)
    patches = _encoder(record["encoder_id"], encoder or {})
    if patches.weight_hash != record["weight_hash"]:
        raise SettingError(
            f"{record['encoder_id']} has weights {patches.weight_hash}",
            f"the features of this run were made with {record['weight_hash']}",
            "give the checkpoint they were made with: --checkpoint FILE",
        )
    width = max(record["extra"]["widths"])
    scorer = TileScorer(patches, network, level, width).eval()
    rng = torch.Generator().manual_seed(0)
    tiles = [torch.rand(1 + k, 3, tile_px, tile_px, generator=rng) for k in range(TRIED)]
    scripted = to_torchscript(patches, tiles[1] * 255)
    script = torch.jit.script(TileScorer(scripted, network, level, width).eval())
    whole = io.BytesIO()  # a file's name would be part of its bytes
    torch.jit.save(script, whole)
    written = without_sources(whole.getvalue())
    far = require_agreement(torch.jit.load(io.BytesIO(written)), scorer, tiles)
    config = _config(record, float(record["grid"]["mpps"][level]), tile_px)
    with write_atomically(make_folder(folder) / SCRIPT) as path:
        path.write_bytes(written)
    with write_atomically(folder / CONFIG) as path:
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return far


def _encoder(name: str, arguments: dict[str, Any]) -> PatchEncoder:
    try:
        return build_patch_encoder(name, **arguments).eval()
    except TypeError as error:
        raise SettingError(
            f"encoder {name}: {error}", "options are arguments of the encoder", "mend the option"
        ) from error


def _record(model: ModelFolder) -> dict[str, Any]:
    path = model.configs / RECORD
    if not path.is_file():
        raise SettingError(f"{path} is missing", "a run says what it was made of", "give a run")
    record = json.loads(path.read_text(encoding="utf-8"))
    if not record["encoder_id"] or not record["weight_hash"] or "mpps" not in record["grid"]:
        raise SettingError(
            f"{path} does not say which encoder and tiles the features are of",
            "a tile scorer holds the encoder, so the features are this project's",
            "extract with pathology_tile_feature_extraction and train on that",
        )
    return record


def _level(model: ModelFolder) -> int:
    config = model.inference
    levels = [config["level"]] if "level" in config else config["levels"]
    if len(levels) != 1:
        raise SettingError(
            f"the run reads magnifications {levels}",
            "a tile scorer sees one tile at one of them",
            "train a bundle that reads one, e.g. --levels [0]",
        )
    return int(levels[0])


def _config(record: dict[str, Any], mpp: float, tile_px: int) -> dict[str, Any]:
    return {
        "spec_version": "1.0",
        "architecture": f"{record['encoder_id']}, {record['bundle']}",
        "num_classes": len(record["class_names"]),
        "patch_size_pixels": tile_px,
        "spacing_um_px": mpp,
        "class_names": record["class_names"],
        "transform": [
            {"name": "Resize", "arguments": {"size": tile_px}},
            {"name": "ToTensor"},
        ],
    }
