"""Images beside what a network makes of them: a row an image, a column a view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from monai_ext.errors import SettingError
from monai_ext.outputs.label_colours import label_colours
from monai_ext.outputs.legend import write_words

_GAP, _LINE_PX = 6, 22
_CONFIDENCE_WORDS = "confidence, white = 1"


@dataclass(frozen=True, eq=False)
class PanelRow:
    """Views of one image; maps may have any size, all show the whole image.

    Attributes:
        image: RGB, uint8 [H, W, 3].
        predicted: class ids, [H, W].
        confidence: largest class probability, 0 to 1, [H, W].
        truth: class ids, [H, W]; ``None``: not labelled.
        assignment: number of the prototype of each pixel from 0 on, [H, W]; below 0: of none;
            ``None``: not known.
    """

    image: NDArray[np.uint8]
    predicted: NDArray[np.integer]
    confidence: NDArray[np.floating]
    truth: NDArray[np.integer] | None = None
    assignment: NDArray[np.integer] | None = None


def segmentation_panel(rows: Sequence[PanelRow], *, cell_px: int = 224) -> Image.Image:
    """Draw input, truth, prediction, confidence and prototypes side by side.

    Classes have the colours of ``label_colours``, prototypes those of the ids from 1 on; unknown
    is white. A column that no row has is left out, a cell that a row lacks stays white. Maps are
    enlarged without mixing ids.

    Args:
        rows: images, in order.
        cell_px: longer side of a cell; images keep their shape.

    Raises:
        SettingError: without rows, or with a cell below 1 px.
    """
    if not rows or cell_px < 1:
        raise SettingError(
            f"{len(rows)} rows with cell_px={cell_px}",
            "a panel has a row and cells of 1 px or more",
            "give images",
        )
    views = [_views(row) for row in rows]
    names = [name for name in views[0] if any(view[name] is not None for view in views)]
    sizes = [_cell_size(row.image, cell_px) for row in rows]
    pitch = max(width for width, _ in sizes) + _GAP
    height = _LINE_PX + sum(high + _GAP for _, high in sizes)
    page = Image.new("RGB", (len(names) * pitch + _GAP, height), "white")
    pen, y = ImageDraw.Draw(page), _LINE_PX
    for column, name in enumerate(names):
        write_words(pen, (_GAP + column * pitch, 3), name)
    for view, size in zip(views, sizes, strict=True):
        for column, name in enumerate(names):
            if (pixels := view[name]) is not None:
                page.paste(_cell(pixels, size, name), (_GAP + column * pitch, y))
        y += size[1] + _GAP
    return page


def _views(row: PanelRow) -> dict[str, NDArray[np.uint8] | None]:
    """Colours by column, left to right."""
    grey = np.rint(255 * np.clip(row.confidence, 0, 1)).astype(np.uint8)
    prototypes = row.assignment
    return {
        "input": row.image,
        "truth": None if row.truth is None else label_colours(row.truth),
        "prediction": label_colours(row.predicted),
        _CONFIDENCE_WORDS: np.repeat(grey[..., None], 3, axis=2),
        "prototypes": None
        if prototypes is None
        else label_colours(np.where(prototypes < 0, -1, prototypes + 1)),
    }


def _cell_size(image: NDArray[np.uint8], cell_px: int) -> tuple[int, int]:
    height, width = image.shape[:2]
    scale = cell_px / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _cell(pixels: NDArray[np.uint8], size: tuple[int, int], name: str) -> Image.Image:
    way = Image.Resampling.BILINEAR if name == "input" else Image.Resampling.NEAREST
    return Image.fromarray(pixels).resize(size, way)
