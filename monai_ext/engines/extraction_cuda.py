"""Tiles that cuCIM decodes on a GPU and hands over without a way through main memory.

What cuCIM does not report it does not see: unlike the strip reader it may return rubbish for a
destroyed JPEG tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from monai_ext.errors import SettingError, SlideError
from monai_ext.wsi import SlideInfo, TileGrid

_WHITE = 255


def cuda_tile_batches(
    info: SlideInfo, grid: TileGrid, level: int, batch_size: int, device: str = "cuda"
) -> Iterator[tuple[np.ndarray, Tensor]]:
    """Decode the tiles of a level in batches.

    Each tile comes from the coarsest stored level that is no coarser than asked for and on which
    a tile is a whole number of px.

    Args:
        info: the slide.
        grid: its tiles.
        level: index into ``grid.levels``.
        batch_size: tiles a batch.
        device: where cuCIM decodes.

    Yields:
        Index ``[b]`` and uint8 tensors ``[b, px, px, 3]`` on that device, white outside the slide.

    Raises:
        SettingError: if cuCIM or CUDA is not there.
        SlideError: if cuCIM cannot read the slide.
    """
    tiles = grid.levels[level]
    if not len(tiles):
        return
    stored, side = _stored_level(info, tiles.step_px, grid.spec.tile_px)
    down = round(info.levels[stored].downsample)
    corners = grid.coords(level)
    first = 0
    for pixels in _decoded(info, corners, side, stored, batch_size, device):
        part = corners[first : first + len(pixels)]
        index = np.arange(first, first + len(part))
        first += len(part)
        _whiten_outside(pixels, part // down, info, stored)
        yield index, _resized(pixels, grid.spec.tile_px)


def _stored_level(info: SlideInfo, step_px: int, tile_px: int) -> tuple[int, int]:
    """Index of the stored level, and the tile's edge there; level 0 always fits."""
    wanted = info.finer_level(step_px / tile_px)
    for k in range(wanted, 0, -1):
        down = info.levels[k].downsample
        if down.is_integer() and step_px % int(down) == 0:
            return k, step_px // int(down)
    return 0, step_px


def _decoded(
    info: SlideInfo, corners: np.ndarray, side: int, stored: int, batch_size: int, device: str
) -> Iterator[Tensor]:
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SettingError(
            "no CUDA was found", "decode_device=cuda needs an NVIDIA GPU", "--decode_device cpu"
        )
    level = info.levels[stored]
    size = (min(side, level.width), min(side, level.height))  # cuCIM reads no more than there is
    try:
        batches = _cucim_image(str(info.path)).read_region(
            corners.flatten().tolist(),
            size,
            stored,
            batch_size=batch_size,
            num_workers=1,
            device=device,
        )
        for batch in [batches] if hasattr(batches, "shape") else batches:
            yield _padded(_as_tensor(batch), side)
    except (RuntimeError, ValueError) as error:
        raise SlideError(
            f"cuCIM cannot read slide {info.path} ({error})",
            "decode_device=cuda needs a slide that cuCIM decodes",
            "use --reader auto --decode_device cpu for it",
        ) from error


def _as_tensor(batch: Any) -> Tensor:
    """On a GPU by the CUDA array interface, without a copy; cuCIM 26.10 offers no DLPack."""
    if hasattr(batch, "__cuda_array_interface__"):
        return torch.as_tensor(batch, device="cuda")
    return torch.from_numpy(np.asarray(batch))


def _padded(pixels: Tensor, side: int) -> Tensor:
    """A batch of its own memory, ``[b, side, side, 3]``."""
    tiles = pixels if pixels.ndim == 4 else pixels[None]
    whole = torch.full((len(tiles), side, side, 3), _WHITE, dtype=torch.uint8, device=tiles.device)
    whole[:, : tiles.shape[1], : tiles.shape[2]] = tiles[..., :3]
    return whole


def _cucim_image(path: str) -> Any:
    try:
        from cucim import CuImage
    except ImportError as error:
        raise SettingError(
            "cuCIM is not installed",
            "decode_device=cuda needs it",
            "pip install 'monai-ext[cucim-cu13]', or cucim-cu12 for CUDA 12",
        ) from error
    return CuImage(path)


def _whiten_outside(pixels: Tensor, corners: np.ndarray, info: SlideInfo, stored: int) -> None:
    """Outside cuCIM leaves black; corners are px of the stored level."""
    size = np.array([info.levels[stored].width, info.levels[stored].height])
    inside = np.clip(size - corners, 0, pixels.shape[1])
    for tile, (columns, rows) in zip(pixels, inside.tolist(), strict=True):
        tile[rows:] = _WHITE
        tile[:, columns:] = _WHITE


def _resized(pixels: Tensor, edge: int) -> Tensor:
    if pixels.shape[1] == edge:
        return pixels
    image = functional.interpolate(
        pixels.permute(0, 3, 1, 2).float(), size=(edge, edge), mode="bilinear", antialias=True
    )
    return image.round_().clamp_(0, _WHITE).to(torch.uint8).permute(0, 2, 3, 1)
