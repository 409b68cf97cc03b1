"""The tiles that a model weighed most and least, side by side."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from monai_ext.errors import SettingError
from monai_ext.outputs.attention_rank import percentile_rank
from monai_ext.outputs.heat_colours import heat_colours
from monai_ext.outputs.heatmap import level_words
from monai_ext.outputs.legend import (
    NOT_EVIDENCE,
    length_words,
    provenance_words,
    write_words,
)
from monai_ext.outputs.slide_frame import slide_frame
from monai_ext.outputs.tile_scores import TileScores
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.slide_reader import SlideReader

_GAP, _LINE, _FRAME, _MIN_WIDTH = 10, 18, 4, 560


def contact_sheet(
    tiles: TileScores,
    slide: SlideReader,
    *,
    top: int,
    bottom: int,
    columns: int,
    tile_px: int,
    level: int | None = None,
    provenance: str = "",
) -> Image.Image:
    """Draw the tiles of highest and of lowest attention of a level.

    Below each: its place in the order, percentile rank, raw attention, and the upper left corner
    in pixels as QuPath counts them (from the slide's bounds).

    Args:
        tiles: places and attention.
        slide: the slide's reader.
        top: how many of the highest.
        bottom: how many of the lowest; fewer if the slide has not as many further tiles.
        columns: tiles a row of the sheet.
        tile_px: side at which a tile is drawn.
        level: the level drawn; ``None``: the finest.
        provenance: id, written below.

    Raises:
        SettingError: for negative counts or sizes below 1.
        FeatureError: if there is no tile of that level.
        SlideError: if a tile cannot be read.
    """
    _check(top, bottom, columns, tile_px)
    shown = tiles.of_level(level)
    order = np.argsort(-shown.attention, kind="stable")
    highest, rest = order[:top], order[top:]
    lowest = rest[max(0, len(rest) - bottom) :]
    rows = _rows(len(highest), columns) + _rows(len(lowest), columns)
    cell = tile_px + 2 * _FRAME, tile_px + 2 * _FRAME + 3 * _LINE
    width = max(_MIN_WIDTH, columns * (cell[0] + _GAP) + _GAP)
    page = Image.new("RGB", (width, rows * (cell[1] + _GAP) + 5 * _LINE + 2 * _GAP), "white")
    pen, y = ImageDraw.Draw(page), _GAP
    write_words(pen, (_GAP, y), f"Highest attention, {_words(shown, slide)}")
    y = _draw(page, shown, slide, highest, (y + _LINE, columns, tile_px))
    write_words(pen, (_GAP, y), f"Lowest attention, {_words(shown, slide)}")
    y = _draw(page, shown, slide, lowest, (y + _LINE, columns, tile_px))
    write_words(pen, (_GAP, y), NOT_EVIDENCE)
    write_words(pen, (_GAP, y + _LINE), provenance_words(provenance))
    return page


def _draw(
    page: Image.Image,
    tiles: TileScores,
    slide: SlideReader,
    chosen: np.ndarray,
    layout: tuple[int, int, int],
) -> int:
    """Draw tiles in rows from ``y`` on; gives the y below them."""
    y, columns, tile_px = layout
    pen, ranks, edges = ImageDraw.Draw(page), percentile_rank(tiles.attention), tiles.edges()
    place = _places(tiles)
    frame = slide_frame(slide.info)
    pitch = tile_px + 2 * _FRAME + _GAP, tile_px + 2 * _FRAME + 3 * _LINE + _GAP
    for n, i in enumerate(chosen):
        corner = _GAP + (n % columns) * pitch[0], y + (n // columns) * pitch[1]
        left, top, right, bottom = edges[i].tolist()
        colour = tuple(heat_colours(ranks[i]).tolist())
        far = corner[0] + tile_px + 2 * _FRAME - 1, corner[1] + tile_px + 2 * _FRAME - 1
        pen.rectangle((*corner, *far), fill=colour)
        pixels = read_area(slide, left, top, right - left, bottom - top, tile_px, tile_px)
        page.paste(Image.fromarray(pixels), (corner[0] + _FRAME, corner[1] + _FRAME))
        words = [
            f"{place[i]} of {len(tiles)}, {100 * ranks[i]:.1f} %",
            f"attention {tiles.attention[i]:.3g}",
            f"x {left - frame.x}, y {top - frame.y}",
        ]
        for line, text in enumerate(words):
            write_words(pen, (corner[0], far[1] + 2 + line * _LINE), text)
    return y + _rows(len(chosen), columns) * pitch[1]


def _places(tiles: TileScores) -> np.ndarray:
    """Place of every tile in the order of falling attention, from 1."""
    places = np.empty(len(tiles), dtype=np.int64)
    places[np.argsort(-tiles.attention, kind="stable")] = np.arange(1, len(tiles) + 1)
    return places


def _words(tiles: TileScores, slide: SlideReader) -> str:
    words, side = level_words(tiles), float(tiles.side[0])
    if slide.info.mpp is None:
        return words
    return f"{words}, tile side {length_words(round(side * slide.info.mpp, 1))}"


def _rows(count: int, columns: int) -> int:
    return -(-count // columns)


def _check(top: int, bottom: int, columns: int, tile_px: int) -> None:
    if min(top, bottom) < 0 or min(columns, tile_px) < 1:
        raise SettingError(
            f"top={top} bottom={bottom} columns={columns} tile_px={tile_px}",
            "counts are 0 or more, columns and tile_px 1 or more",
            "try top=8, bottom=8, columns=4, tile_px=192",
        )
