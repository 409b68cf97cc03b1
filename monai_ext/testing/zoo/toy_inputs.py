"""Inputs and small settings with which a bundle can be tried: told by the ids of its configs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.testing.toy_cohort import write_toy_cohort
from monai_ext.testing.toy_masks import toy_image, write_toy_masks
from monai_ext.testing.zoo.files import read_json
from monai_ext.testing.zoo.outcome import NotApplicableError

TOY_TEXT = Path(__file__).parents[1] / "toy_text.safetensors"
"""Prompts of a toy task, encoded by ``tiny_text`` at width 8."""
TOY_PROMPTS = Path(__file__).parents[1] / "toy_prompts.json"
TOY_BAGS: dict[str, Any] = {
    "hidden_dim": 16,
    "attention_dim": 8,
    "m": 4,
    "text": str(TOY_TEXT),
    "learning_rate": 0.01,
}
TOY_MASKS: dict[str, Any] = {
    "patch_encoder": "uni_v1",
    "encoder_options": {"preset": "tiny"},
    "decoder_channels": [16, 8, 8, 8, 8],
    "crop_px": 32,
    "steps": 6,
    "epoch_steps": 2,
    "batch_size": 2,
    "text_encoder": "random",
    "text_options": {"dim": 8},
    "pixels_per_image": 64,
    "tau": 0.55,
    "learning_rate": 0.003,
    "encoder_rate": 0.0003,
    "prototypes_per_class": 2,
}
TOY_TILES = {"tile_px": 64, "encoder": "tiny", "batch_size": 8, "mpps": [0.5, 1.0]}


def toy_values(config: Path, folder: Path) -> dict[str, Any]:
    """Config ids and values with which a ``train`` or ``inference`` config runs in seconds.

    Args:
        config: the file; its bundle's other files are not looked at.
        folder: where inputs are written, and ``out`` for what the bundle writes.

    Raises:
        NotApplicableError: if the config has none of the ids that tell what it works on.
    """
    known = read_json(config)
    fixed = {"output_dir": str(folder / "out"), "bundle_root": str(config.parents[1])}
    trained = config.stem == "train"
    if {"patch_encoder", "target_mpp"} <= set(known):
        given = _masks(folder, trained=trained)
    elif "in_channels" in known:
        given = _bags(folder, trained=trained)
    elif {"encoder", "mpps"} <= set(known):
        given = _slides(folder)
    else:
        raise NotApplicableError(
            f"{config.name} has neither target_mpp, mpps nor in_channels: no toy input is known"
        )
    return fixed | {key: value for key, value in given.items() if key in known}


def _masks(folder: Path, *, trained: bool) -> dict[str, Any]:
    datalist = write_toy_masks(folder / "images", height=32, width=32)
    if trained:
        where = {"datalist": str(datalist), "prompts": str(TOY_PROMPTS)}
    else:
        where = {"dataset_dir": str(folder / "images" / "images"), "mpp": 0.5}
    return TOY_MASKS | where


def _slides(folder: Path) -> dict[str, Any]:
    image = np.full((1024, 1024, 3), 255, np.uint8)
    image[128:896, 128:896], _ = toy_image(np.random.default_rng(0), 768, 768)
    (folder / "slides").mkdir(parents=True, exist_ok=True)
    write_tiny_slide(folder / "slides" / "toy.tif", image, mpp=0.5)
    return TOY_TILES | {"dataset_dir": str(folder / "slides")}


def _bags(folder: Path, *, trained: bool) -> dict[str, Any]:
    if not (folder / "cohort.csv").is_file():
        write_toy_cohort(folder)
    if trained:
        return TOY_BAGS | {"datalist": str(folder / "splits" / "fold0.json"), "epochs": 1}
    widths = {"in_channels": [6, 5, 4], "encoder": "toy"}
    return TOY_BAGS | widths | {"dataset_dir": str(folder / "features")}
