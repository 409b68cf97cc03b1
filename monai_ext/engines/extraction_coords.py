"""Tile coordinates without features, as TRIDENT keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.feature_layout import level_folder_name
from monai_ext.data.feature_store import trident_attributes
from monai_ext.data.slide_features import SlideFeatures, nominal_magnification
from monai_ext.wsi import SlideInfo, TileGrid


def write_tile_coords(root: Path | str, slide: str, info: SlideInfo, grid: TileGrid) -> list[Path]:
    """Write ``<mag>x_<px>px_0px_overlap/patches/<slide>_patches.h5`` for every level.

    Args:
        root: folder of the extraction.
        slide: its name.
        info: the slide.
        grid: its tiles.

    Returns:
        The files, finest first. Each holds ``coords`` int64 ``[N, 2]``, level-0 x and y.
    """
    return [_write(Path(root), slide, info, grid, level) for level in range(len(grid.levels))]


def _write(root: Path, slide: str, info: SlideInfo, grid: TileGrid, level: int) -> Path:
    import h5py

    nominal = nominal_magnification(grid.spec.mpps[level])
    folder = root / level_folder_name(nominal, grid.spec.tile_px) / "patches"
    path = folder / f"{slide}_patches.h5"
    coords = grid.coords(level)
    facts = SlideFeatures(
        slide=slide,
        features=np.empty((len(coords), 0), np.float32),
        coords=coords,
        step_px=grid.levels[level].step_px,
        tile_px=grid.spec.tile_px,
        overlap_px=0,
        mpp=grid.effective_mpps[level],
        slide_mpp=grid.slide_mpp,
        level0_size=(info.width, info.height),
    )
    with write_atomically(path) as partial, h5py.File(partial, "w") as file:
        file.create_dataset("coords", data=coords).attrs.update(trident_attributes(facts))
    return path
