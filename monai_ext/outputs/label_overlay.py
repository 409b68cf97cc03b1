"""Classes of a label map, painted over the slide's thumbnail."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from monai_ext.data.label_map import LabelMap
from monai_ext.outputs.canvas import Canvas, thumbnail_canvas
from monai_ext.outputs.class_colours import class_colours
from monai_ext.outputs.legend import (
    length_words,
    provenance_words,
    round_length_um,
    write_words,
)
from monai_ext.wsi.slide_reader import SlideReader

_LINE_PX, _EDGE_PX, _BOX_PX, _MIN_WIDTH = 19, 10, 12, 420
_INK = (30, 30, 30)


def label_overlay(
    found: LabelMap,
    slide: SlideReader,
    class_names: Sequence[str],
    *,
    long_side_px: int,
    opacity: float = 0.5,
    provenance: str = "",
) -> Image.Image:
    """Draw the slide with its classes and a legend.

    Each pixel shows the class at its centre; where that is class 0 the slide shows through.

    Args:
        found: the label map.
        slide: its reader, cropped to the same part of the slide.
        class_names: by label.
        long_side_px: longer side of the picture without legend, at most.
        opacity: of the colours, 0 to 1.
        provenance: id, written below the picture.

    Returns:
        RGB picture. It holds no slide name and nothing of the label image.

    Raises:
        SlideError: if the slide's pixels cannot be read.
    """
    canvas = thumbnail_canvas(slide, long_side_px)
    labels = labels_at(found, canvas)
    colours = np.array(class_colours(len(class_names)), np.float64)[labels]
    share = opacity * (labels > 0)[..., None]
    painted = np.rint(canvas.image * (1 - share) + colours * share).astype(np.uint8)
    um_a_pixel = found.mpp / found.scale * canvas.downsample
    return _with_words(Image.fromarray(painted), class_names, um_a_pixel, provenance)


def labels_at(found: LabelMap, canvas: Canvas) -> NDArray[np.uint8]:
    """Class at the centre of each pixel of a canvas that begins where the label map does."""
    height, width = found.labels.shape
    shape = canvas.image.shape
    rows, cols = (
        ((np.arange(count) + 0.5) * canvas.downsample / found.scale).astype(int)
        for count in shape[:2]
    )
    return found.labels[np.ix_(np.minimum(rows, height - 1), np.minimum(cols, width - 1))]


def _with_words(
    picture: Image.Image, class_names: Sequence[str], um_a_pixel: float, provenance: str
) -> Image.Image:
    shown = list(enumerate(class_names))[1:]
    width = max(picture.width, _MIN_WIDTH)
    height = picture.height + 2 * _EDGE_PX + (len(shown) + 2) * _LINE_PX
    page = Image.new("RGB", (width, height), (255, 255, 255))
    page.paste(picture, (0, 0))
    pen, top = ImageDraw.Draw(page), picture.height + _EDGE_PX
    for line, (label, name) in enumerate(shown):
        y = top + line * _LINE_PX
        box = (_EDGE_PX, y + 2, _EDGE_PX + _BOX_PX, y + 2 + _BOX_PX)
        pen.rectangle(box, fill=class_colours(len(class_names))[label], outline=_INK)
        write_words(pen, (2 * _EDGE_PX + _BOX_PX, y), name)
    y = top + len(shown) * _LINE_PX
    um = round_length_um(max(1.0, min(160, picture.width / 2)) * um_a_pixel)
    pen.rectangle((_EDGE_PX, y + 6, _EDGE_PX + round(um / um_a_pixel) - 1, y + 10), fill=_INK)
    write_words(pen, (2 * _EDGE_PX + round(um / um_a_pixel), y), length_words(um))
    write_words(pen, (_EDGE_PX, y + _LINE_PX), provenance_words(provenance))
    return page
