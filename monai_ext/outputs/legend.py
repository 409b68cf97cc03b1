"""What stands below a heat map: colour bar, scale bar, and what attention is not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from monai_ext.outputs.heat_colours import heat_colours

NOT_EVIDENCE = "Attention shows which tiles the model weighed; it is not evidence of tumour."
_INK, _GROUND, _FONT_PX, _LINE_PX, _EDGE_PX, _BAR_PX = (
    (30, 30, 30),
    (255, 255, 255),
    13,
    19,
    10,
    180,
)
_MIN_WIDTH = 560


@dataclass(frozen=True)
class Legend:
    """Words and scale of a picture.

    Attributes:
        title: what the colours rank, e.g. ``level 0 (20x)``.
        um_a_pixel: of the picture; ``None`` draws no scale bar.
        provenance: id, empty if unknown.
    """

    title: str
    um_a_pixel: float | None
    provenance: str = ""


def with_legend(picture: Image.Image, legend: Legend) -> Image.Image:
    """The picture on white ground with a legend below it; never narrower than its words."""
    width = max(picture.width, _MIN_WIDTH)
    height = picture.height + 2 * _EDGE_PX + 4 * _LINE_PX
    page = Image.new("RGB", (width, height), _GROUND)
    page.paste(picture, (0, 0))
    pen, top = ImageDraw.Draw(page), picture.height + _EDGE_PX
    _colour_bar(page, pen, top, legend.title)
    if legend.um_a_pixel is not None:
        _scale_bar(pen, picture.width, (width, top), legend.um_a_pixel)
    else:
        write_words(pen, (width - _EDGE_PX, top), "scale unknown", anchor="ra")
    write_words(pen, (_EDGE_PX, top + 2 * _LINE_PX), NOT_EVIDENCE)
    write_words(pen, (_EDGE_PX, top + 3 * _LINE_PX), provenance_words(legend.provenance))
    return page


def write_words(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], words: str, *, anchor: str = "la"
) -> None:
    """Dark words in the font that Pillow carries; it has no Greek, so write um."""
    pen.text(place, words, fill=_INK, font=ImageFont.load_default(_FONT_PX), anchor=anchor)


def provenance_words(provenance: str) -> str:
    """How a picture names its provenance."""
    return f"provenance {provenance or 'unknown'}"


def round_length_um(at_most: float) -> float:
    """The longest of 1, 2, 5 times a power of ten um that is not above ``at_most``.

    Example:
        >>> round_length_um(740.0), round_length_um(2000.0)
        (500.0, 2000.0)
    """
    power = 10.0 ** math.floor(math.log10(at_most))
    return max(step * power for step in (1, 2, 5) if step * power <= at_most * (1 + 1e-9))


def length_words(um: float) -> str:
    """Length in um, or in mm from 1000 um on.

    Example:
        >>> length_words(500.0), length_words(2000.0)
        ('500 um', '2 mm')
    """
    return f"{um / 1000:g} mm" if um >= 1000 else f"{um:g} um"


def _colour_bar(page: Image.Image, pen: ImageDraw.ImageDraw, top: int, title: str) -> None:
    bar = np.broadcast_to(heat_colours(np.linspace(0, 1, _BAR_PX)), (_LINE_PX - 6, _BAR_PX, 3))
    page.paste(Image.fromarray(np.ascontiguousarray(bar)), (_EDGE_PX, top + 1))
    write_words(pen, (_EDGE_PX, top + _LINE_PX - 2), "0")
    write_words(pen, (_EDGE_PX + _BAR_PX / 2, top + _LINE_PX - 2), "50", anchor="ma")
    write_words(pen, (_EDGE_PX + _BAR_PX, top + _LINE_PX - 2), "100 %", anchor="ma")
    write_words(pen, (_EDGE_PX * 2 + _BAR_PX, top), f"attention percentile, {title}")


def _scale_bar(
    pen: ImageDraw.ImageDraw, picture_width: int, corner: tuple[int, int], um_a_pixel: float
) -> None:
    um = round_length_um(max(1, min(160, picture_width / 2)) * um_a_pixel)
    right, top = corner[0] - _EDGE_PX, corner[1]
    length = round(um / um_a_pixel)
    pen.rectangle((right - length + 1, top + 4, right, top + 8), fill=_INK)
    write_words(pen, (right, top + _LINE_PX - 2), length_words(um), anchor="ra")
