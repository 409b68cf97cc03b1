"""From the feature files of one slide to its bag tensor, with one copy of the features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from monai_ext.data.bag_meta import bag_meta
from monai_ext.data.join import JoinedLevels, join_levels
from monai_ext.data.read_feature import read_facts, read_features, require_finite
from monai_ext.data.slide_features import SlideFeatures
from monai_ext.ops.bag_layout import NUM_INDEX_ROWS, pack_bag

_ROWS_A_PIECE = 512
"""Rows copied at once: they are still in the processor's cache when they are checked."""


def load_bag(
    files: Path | str | Sequence[Path | str],
    *,
    is_spatial: bool = True,
    step_px: float | None = None,
    slide_mpp: float | None = None,
) -> tuple[torch.Tensor, dict[str, Any]]:
    """Load one slide as a bag tensor.

    Levels of different widths are padded with zeros to the widest. Files that can be mapped
    reach the bag by one copy, about the speed of memcpy.

    Args:
        files: the slide's feature files, finest first, or one file.
        is_spatial: refuse features without a place on a grid, see ``join_levels``.
        step_px: distance of neighbouring tiles of the first file in level-0 pixels, for files
            that do not say; the following files are taken as 2, 4, ... times that.
        slide_mpp: um a level-0 pixel, for files that do not say.

    Returns:
        float32 ``[4 + D, N]`` whose ``.mT`` is contiguous, and its meta, see ``bag_meta``.

    Raises:
        FeatureError: naming the file, if one is missing, damaged, holds NaN, or the files do not
            belong together.
    """
    paths = _as_paths(files)
    levels = [
        read_features(
            path,
            mapped=True,
            step_px=None if step_px is None else step_px * 2**k,
            slide_mpp=slide_mpp,
        )
        for k, path in enumerate(paths)
    ]
    joined = join_levels(levels, is_spatial=is_spatial)
    return _filled_bag(levels, joined, paths), bag_meta(levels, joined)


def _as_paths(files: Path | str | Sequence[Path | str]) -> list[Path]:
    return [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)]


def _filled_bag(
    levels: Sequence[SlideFeatures], joined: JoinedLevels, paths: Sequence[Path]
) -> torch.Tensor:
    width, n = max(item.shape[1] for item in levels), len(joined.level)
    index = [torch.from_numpy(part) for part in (joined.level, joined.row, joined.col)]
    storage = torch.empty(n, NUM_INDEX_ROWS + width)
    storage[:, :NUM_INDEX_ROWS] = pack_bag(torch.empty(n, 0), *index).mT
    start = 0
    for item, path in zip(levels, paths, strict=True):
        stop = start + item.shape[0]
        _copy_features(item.features, storage[start:stop, NUM_INDEX_ROWS:].numpy(), path)
        start = stop
    return storage.mT


def _copy_features(features: np.ndarray, target: np.ndarray, path: Path) -> None:
    """Copy into the first columns of ``target``, zero the others, refuse NaN on the way."""
    rows, width = features.shape
    target[:, width:] = 0
    for start in range(0, rows, _ROWS_A_PIECE):
        piece = features[start : start + _ROWS_A_PIECE]
        target[start : start + _ROWS_A_PIECE, :width] = piece
        require_finite(piece, path, first_row=start)


def bag_lengths(items: Sequence[Mapping[str, Any]], *, key: str = "image") -> list[int]:
    """Instances of every item's bag, from the files' headers; for ``BucketSampler``."""
    return [sum(read_facts(file).shape[0] for file in _as_paths(item[key])) for item in items]
