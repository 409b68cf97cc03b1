"""From a bag, its meta and the network's attention to tiles in their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from monai_ext.errors import FeatureError
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.outputs.tile_scores import TileScores, tile_scores


def bag_tiles(
    bag: torch.Tensor, attention: torch.Tensor, meta: Mapping[str, Any], *, mpp: float | None = None
) -> TileScores:
    """Places and attention of the tiles of one bag.

    Corners are those that the feature files name; sides are ``step_px * 2**level`` on a grid,
    else the step of the tile's own file.

    Args:
        bag: [4 + D, N], padding allowed.
        attention: [N].
        meta: see ``monai_ext.data.bag_meta``, of one bag.
        mpp: um a level-0 px, for features whose coordinates are in um; by default the meta's.

    Raises:
        FeatureError: if the tiles have no place on the slide.
    """
    parts = unpack_bag(bag[None])
    level, row, col = (part[0].cpu().numpy() for part in (parts.level, parts.row, parts.col))
    level_of_file = [int(n) for n in meta.get("levels") or range(int(level.max(initial=0)) + 1)]
    scale = _px_a_unit(meta, mpp)
    side = _sides(level, level_of_file, meta) * scale
    coords = meta.get("coords")
    corner = None if coords is None else np.asarray(coords, dtype=np.float64) * scale
    named = zip(level_of_file, meta.get("magnifications") or [], strict=False)
    size = meta.get("level0_size")
    return tile_scores(
        attention.detach().cpu().double().numpy(),
        (level, row, col),
        side,
        corner=corner,
        is_on_grid=bool(meta.get("on_grid", True)),
        slide_size=None if size is None else (int(size[0]), int(size[1])),
        magnifications={n: float(value) for n, value in named if value is not None},
    )


def has_places(meta: Mapping[str, Any]) -> bool:
    """Whether the features of a bag say where on the slide its tiles lie."""
    if meta.get("step_px") is not None:
        return True
    steps = meta.get("steps_px") or [None]
    return meta.get("coords") is not None and all(step is not None for step in steps)


def _sides(
    level: NDArray[np.int64], level_of_file: list[int], meta: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Side of every tile in the unit of the coordinates; nan where unknown."""
    if meta.get("step_px") is not None:
        return np.asarray(float(meta["step_px"]) * 2.0**level, dtype=np.float64)
    side = np.full(len(level), np.nan)
    for n, step in zip(level_of_file, meta.get("steps_px") or [], strict=False):
        if step is not None:
            side[level == n] = float(step)
    if not has_places(meta) or np.isnan(side[level >= 0]).any():
        raise FeatureError(
            f"the features of slide {meta.get('slide', 'unknown')} do not say where tiles lie",
            "a picture needs coordinates and the distance of neighbouring tiles",
            "give --step_px, or features with coordinates",
        )
    return side


def _px_a_unit(meta: Mapping[str, Any], mpp: float | None) -> float:
    if meta.get("coords_unit", "px") == "px":
        return 1.0
    um = meta.get("slide_mpp") if mpp is None else mpp
    if um is None:
        raise FeatureError(
            f"the coordinates of slide {meta.get('slide', 'unknown')} are in um",
            "pixels of the slide need its um a pixel",
            "give --mpp or the slide",
        )
    return 1.0 / float(um)
