"""A contact sheet with one row of tiles a prototype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from monai_ext.errors import SettingError
from monai_ext.outputs.legend import provenance_words, write_words
from monai_ext.outputs.prototype_gallery import TilePick

NOT_A_NAME = "Tiles most similar to a prototype; similarity does not say that a tile shows it."
_GAP, _LINE, _MIN_WIDTH = 10, 18, 640
_MISSING = (225, 225, 225)


def prototype_sheet(
    titles: Sequence[str],
    rows: Sequence[Sequence[TilePick]],
    pixels: Mapping[TilePick, np.ndarray],
    *,
    tile_px: int,
    heading: str,
    provenance: str = "",
) -> Image.Image:
    """Draw the tiles of every prototype, the most similar first, cosines below.

    Args:
        titles: one a prototype.
        rows: its tiles.
        pixels: uint8 [tile_px, tile_px, 3] of the tiles; one that is missing is grey.
        tile_px: side at which a tile is drawn.
        heading: above all rows.
        provenance: id, written below.

    Raises:
        SettingError: if titles do not fit rows, or ``tile_px`` is below 1.
    """
    if len(titles) != len(rows) or tile_px < 1:
        raise SettingError(
            f"{len(titles)} titles for {len(rows)} prototypes, tile_px={tile_px}",
            "each prototype has a title, a tile 1 px or more",
            "give one title a prototype",
        )
    across = max([1, *(len(row) for row in rows)])
    width = max(_MIN_WIDTH, across * (tile_px + _GAP) + _GAP)
    height = len(rows) * (tile_px + 2 * _LINE + _GAP) + 3 * _LINE + 2 * _GAP
    page = Image.new("RGB", (width, height), "white")
    pen, y = ImageDraw.Draw(page), _GAP
    write_words(pen, (_GAP, y), heading)
    y += _LINE
    for title, row in zip(titles, rows, strict=True):
        write_words(pen, (_GAP, y), title)
        for n, pick in enumerate(row):
            corner = _GAP + n * (tile_px + _GAP), y + _LINE
            _draw(page, pen, pixels.get(pick), corner, tile_px)
            write_words(pen, (corner[0], corner[1] + tile_px + 1), f"{pick.similarity:.3f}")
        y += tile_px + 2 * _LINE + _GAP
    write_words(pen, (_GAP, y), NOT_A_NAME)
    write_words(pen, (_GAP, y + _LINE), provenance_words(provenance))
    return page


def _draw(
    page: Image.Image,
    pen: ImageDraw.ImageDraw,
    tile: np.ndarray | None,
    corner: tuple[int, int],
    tile_px: int,
) -> None:
    if tile is None:
        far = corner[0] + tile_px - 1, corner[1] + tile_px - 1
        pen.rectangle((*corner, *far), fill=_MISSING)
    else:
        page.paste(Image.fromarray(tile), corner)
