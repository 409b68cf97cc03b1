"""What travels beside a bag tensor: places, magnifications and where the numbers come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from monai_ext.data.join import JoinedLevels
from monai_ext.data.slide_features import SlideFeatures
from monai_ext.hashing import json_hash

_PROVENANCE = [
    "slide",
    "slide_hash",
    "request_hash",
    "encoder_id",
    "weight_hash",
    "transform_hash",
    "step_px",
]


def bag_meta(levels: Sequence[SlideFeatures], joined: JoinedLevels) -> dict[str, Any]:
    """Meta of a bag; lists have one entry a level, finest first.

    ``step_px`` is the step of grid level 0: tile (level, row, col) has its upper left corner at
    ``(col, row) * step_px * 2**level``. ``steps_px`` holds what each file says, also where the
    tiles lie on no common grid and ``step_px`` is None. ``coords`` holds the corners as the files
    have them, int64 ``[N, 2]`` in ``coords_unit``, or None. ``provenance`` names slide, grid and
    encoder in 16 hexadecimal digits.
    """
    finest = levels[0]
    return {
        "slide": finest.slide,
        "step_px": joined.step_px,
        "magnifications": [item.magnification for item in levels],
        "mpps": [item.mpp for item in levels],
        "coords": _coords(levels),
        "coords_unit": finest.coords_unit,
        "on_grid": joined.on_grid,
        "levels": list(joined.grid_levels),
        "num_tiles": list(joined.counts),
        "widths": [item.shape[1] for item in levels],
        "tile_px": finest.tile_px,
        "slide_mpp": finest.slide_mpp,
        "slide_hash": finest.slide_hash,
        "level0_size": finest.level0_size,
        "steps_px": [item.step_px for item in levels],
        "encoder_id": _joined_ids([item.encoder_id for item in levels]),
        "weight_hash": _joined_ids([item.weight_hash for item in levels]),
        "request_hash": finest.request_hash,
        "provenance": provenance_id(levels),
    }


def provenance_id(levels: Sequence[SlideFeatures]) -> str:
    """Id of what the features are: equal only for the same slide, grid and encoder."""
    return json_hash([[getattr(item, name) for name in _PROVENANCE] for item in levels])


def _joined_ids(ids: list[str | None]) -> str | None:
    """One id where all levels share it, else one a level, joined by ``+``."""
    known = [name or "unknown" for name in ids]
    return ids[0] if len(set(ids)) == 1 else "+".join(known)


def _coords(levels: Sequence[SlideFeatures]) -> torch.Tensor | None:
    parts = [item.coords for item in levels if item.coords is not None]
    return torch.from_numpy(np.concatenate(parts)) if len(parts) == len(levels) else None
