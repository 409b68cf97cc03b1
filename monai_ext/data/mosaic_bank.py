"""One feature bank for all mosaics: every image of a set once, cut into whole coarsest tiles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.glas import GLAS_MPP, GlasImage
from monai_ext.data.pyramid_tiff import halve
from monai_ext.errors import FeatureError
from monai_ext.networks.encoders import PatchEncoder


@dataclass(frozen=True)
class BlockSpec:
    """How an image becomes a block of tiles that a grid of several magnifications can hold.

    The image is resampled to the finest mpp and its middle is cut to ``cell_rows`` x
    ``cell_cols`` tiles of the coarsest level, so that no tile of any level straddles two
    blocks. GlaS at 0.62 um a pixel, tiles of 80 px at 0.5, 1 and 2 um: 775 x 522 px become
    961 x 647, of which 960 x 640 = 3 x 2 coarsest tiles are kept (96 + 24 + 6 tiles). Without
    resampling 2 x 2 coarsest cells would fit, and a third of the tissue would be lost.

    Args:
        mpp: um a pixel of the finest level.
        tile_px: side of a tile at every level.
        num_levels: finest first, each twice as coarse as the one before.
        cell_rows, cell_cols: coarsest tiles of a block.
    """

    mpp: float
    tile_px: int
    num_levels: int
    cell_rows: int
    cell_cols: int

    def shape(self, level: int) -> tuple[int, int]:
        """Rows and columns of tiles of a block at a level."""
        factor = 2 ** (self.num_levels - 1 - level)
        return self.cell_rows * factor, self.cell_cols * factor

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width of a block in pixels of the finest level."""
        rows, cols = self.shape(0)
        return rows * self.tile_px, cols * self.tile_px

    def cut(self, pixels: np.ndarray, mpp: float) -> np.ndarray | None:
        """The middle of an image at the finest mpp; None if the image is smaller than a block."""
        from PIL import Image

        width, height = (round(n * mpp / self.mpp) for n in pixels.shape[1::-1])
        rows, cols = self.size_px
        if height < rows or width < cols:
            return None
        mode = Image.Resampling.NEAREST if pixels.dtype == bool else Image.Resampling.BILINEAR
        resized = np.asarray(Image.fromarray(pixels).resize((width, height), mode))
        top, left = (height - rows) // 2, (width - cols) // 2
        return resized[top : top + rows, left : left + cols]


@dataclass(frozen=True)
class MosaicBank:
    """Features and truth of a set of blocks.

    I blocks, T tiles of a block at a level (raster order), D feature width.

    Args:
        names: ``[I]`` image names.
        patients: ``[I]``.
        labels: ``[I]`` 0 = benign, 1 = malignant.
        features: a level each, finest first: float32 ``[I, T, D]``, mapped from disk.
        glands: a level each: float32 ``[I, T]``, the share of a tile inside glands.
        shapes: a level each: rows and columns of a block, ``T = rows * cols``.
    """

    names: list[str]
    patients: list[str]
    labels: list[int]
    features: list[np.ndarray]
    glands: list[np.ndarray]
    shapes: list[tuple[int, int]]

    @property
    def num_levels(self) -> int:
        """Number of magnifications."""
        return len(self.features)


def build_bank(
    images: Iterable[GlasImage], spec: BlockSpec, encoder: PatchEncoder, folder: Path | str
) -> MosaicBank:
    """Encode the blocks of all images that are large enough, and keep them in ``folder``.

    A folder that holds a finished bank of the same spec and encoder is read instead.

    Raises:
        FeatureError: if the folder holds another bank.
    """
    folder = Path(folder)
    made_of = asdict(spec) | {
        "encoder": encoder.encoder_id,
        "input_px": encoder.input_px,
        "weights": encoder.weight_hash,
        "transform": encoder.transform_hash,
    }
    if not (folder / "bank.json").exists():
        _write_bank(images, spec, encoder, folder, made_of)
    found = json.loads((folder / "bank.json").read_text())["made_of"]
    if found != made_of:
        raise FeatureError(
            f"{folder} holds a bank of {found}",
            f"asked for is one of {made_of}",
            "give another folder or remove this one",
        )
    return read_bank(folder)


def read_bank(folder: Path | str) -> MosaicBank:
    """Open a bank; the features are mapped, not read.

    Raises:
        FeatureError: if there is none.
    """
    folder = Path(folder)
    if not (folder / "bank.json").is_file():
        raise FeatureError(
            f"{folder}/bank.json not found",
            "a bank is made before its mosaics",
            "run scripts/prepare_glas.py with --mosaic",
        )
    table = json.loads((folder / "bank.json").read_text())
    levels = range(len(table["shapes"]))
    return MosaicBank(
        names=table["names"],
        patients=table["patients"],
        labels=table["labels"],
        features=[
            np.load(folder / f"features_{k}.npy", mmap_mode="r", allow_pickle=False) for k in levels
        ],
        glands=[np.load(folder / f"glands_{k}.npy", allow_pickle=False) for k in levels],
        shapes=[tuple(shape) for shape in table["shapes"]],
    )


def tile_block(block: np.ndarray, tile_px: int) -> np.ndarray:
    """Cut ``[rows * tile_px, cols * tile_px, ...]`` into ``[rows * cols, tile_px, tile_px, ...]``.

    Example:
        >>> tile_block(np.arange(8).reshape(2, 4), 2).tolist()
        [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    """
    rows, cols = block.shape[0] // tile_px, block.shape[1] // tile_px
    tiles = block.reshape(rows, tile_px, cols, tile_px, *block.shape[2:]).swapaxes(1, 2)
    return tiles.reshape(rows * cols, tile_px, tile_px, *block.shape[2:])


def _write_bank(
    images: Iterable[GlasImage],
    spec: BlockSpec,
    encoder: PatchEncoder,
    folder: Path,
    made_of: dict[str, object],
) -> None:
    levels = range(spec.num_levels)
    features: list[list[np.ndarray]] = [[] for _ in levels]
    glands: list[list[np.ndarray]] = [[] for _ in levels]
    used: list[GlasImage] = []
    for image in images:
        block = spec.cut(image.read_image(), GLAS_MPP)
        mask = spec.cut(image.read_mask(), GLAS_MPP)
        if block is None or mask is None:
            continue
        used.append(image)
        for level in levels:
            block = halve(block) if level else block
            features[level].append(encoder.encode(tile_block(block, spec.tile_px)).cpu().numpy())
            shares = tile_block(mask.astype(np.float32), spec.tile_px * 2**level)
            glands[level].append(shares.mean(axis=(1, 2)))
    for level in levels:
        for name, parts in (("features", features[level]), ("glands", glands[level])):
            with write_atomically(folder / f"{name}_{level}.npy") as partial:
                np.save(partial, np.stack(parts))
    table = {
        "made_of": made_of,
        "names": [image.name for image in used],
        "patients": [image.patient for image in used],
        "labels": [int(image.label == "malignant") for image in used],
        "shapes": [spec.shape(level) for level in levels],
    }
    with write_atomically(folder / "bank.json") as partial:
        partial.write_text(json.dumps(table, indent=1))
