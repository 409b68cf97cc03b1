"""A rectangle of a slide as a picture for training, with or without a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.errors import AnnotationError
from monai_ext.outputs.png import write_png
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.slide_reader import SlideReader

MAX_EDGE_PX = 10_000


def picture_size(box: Box, scale: float) -> tuple[int, int]:
    """Width and height in px.

    Args:
        box: level-0 px.
        scale: level-0 px a px of the picture.

    Raises:
        AnnotationError: if it is too large for a picture that training holds in memory.
    """
    size = max(1, round(box.width / scale)), max(1, round(box.height / scale))
    if max(size) > MAX_EDGE_PX:
        raise AnnotationError(
            f"a region of {size[0]} x {size[1]} px",
            f"training holds pictures of at most {MAX_EDGE_PX} px a side",
            "draw several smaller regions",
        )
    return size


def write_picture(
    folder: Path,
    slide: str,
    reader: SlideReader,
    box: Box,
    mpp: float,
    scale: float,
    mask: NDArray[np.uint8] | None = None,
) -> dict[str, Any]:
    """Read a rectangle and write it as PNG, its mask beside it.

    Args:
        folder: gets ``images/`` and ``masks/``.
        slide: its name.
        reader: of it.
        box: level-0 px, as the reader counts.
        mpp: um a px of the picture.
        scale: level-0 px a px of the picture.
        mask: class numbers of its size.

    Returns:
        An item of a datalist.

    Raises:
        SlideError: if the pixels cannot be read.
    """
    size = picture_size(box, scale)
    name = f"{slide}@{box.left}_{box.top}_{box.width}_{box.height}"
    pixels = read_area(reader, box.left, box.top, box.width, box.height, *size)
    image = folder / "images" / f"{name}.png"
    write_png(image, Image.fromarray(pixels))
    item = {"image": str(image), "slide": name, "patient": slide, "mpp": mpp}
    if mask is None:
        return item
    write_png(folder / "masks" / f"{name}.png", Image.fromarray(mask))
    return item | {"label": str(folder / "masks" / f"{name}.png")}
