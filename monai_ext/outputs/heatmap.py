"""Attention of a slide, painted over its thumbnail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_ext.outputs.attention_rank import shown_rank
from monai_ext.outputs.canvas import Canvas, plain_canvas, thumbnail_canvas
from monai_ext.outputs.heat_colours import heat_colours
from monai_ext.outputs.legend import Legend, with_legend
from monai_ext.outputs.paint import paint_rectangles
from monai_ext.outputs.slide_frame import tiles_frame
from monai_ext.outputs.tile_scores import TileScores
from monai_ext.wsi.slide_reader import SlideReader


def attention_heatmap(
    tiles: TileScores,
    slide: SlideReader | None,
    *,
    long_side_px: int,
    level: int | None = None,
    is_combined: bool = False,
    opacity: float = 0.6,
    mpp: float | None = None,
    provenance: str = "",
) -> Image.Image:
    """Draw a heat map with its legend.

    Each tile is painted on its exact rectangle of level 0 in the colour of its percentile rank
    within its level; where no tile lies, the slide shows through. The thumbnail is greyed below
    tiles, so that no stain is taken for heat.

    Args:
        tiles: places and attention.
        slide: the slide's reader; ``None`` paints on a plain ground.
        long_side_px: longer side of the picture without legend, at most.
        level: the level drawn; ``None``: the finest.
        is_combined: draw the mean rank of all levels on the finest tiles instead.
        opacity: of the colours, 0 to 1.
        mpp: um a level-0 px for the scale bar; by default the slide's.
        provenance: id, written below the picture.

    Returns:
        RGB picture. It holds no slide or patient name and nothing of the label image.

    Raises:
        FeatureError: if there is no tile of that level.
        SlideError: if the slide's pixels cannot be read.
    """
    shown, ranks = shown_rank(tiles, level, is_combined=is_combined)
    if slide is None:
        canvas = plain_canvas(tiles_frame(tiles), long_side_px)
    else:
        canvas = thumbnail_canvas(slide, long_side_px)
        mpp = slide.info.mpp if mpp is None else mpp
    title = "mean of all levels" if is_combined else level_words(shown)
    um_a_pixel = None if mpp is None else mpp * canvas.downsample
    picture = Image.fromarray(overlay(canvas, shown, ranks, opacity))
    return with_legend(picture, Legend(title, um_a_pixel, provenance))


def overlay(
    canvas: Canvas, tiles: TileScores, ranks: NDArray[np.float64], opacity: float
) -> NDArray[np.uint8]:
    """The canvas with its tiles painted, uint8 [H, W, 3]."""
    corner = np.array([canvas.frame.x, canvas.frame.y] * 2)
    edges = (tiles.edges() - corner) / canvas.downsample
    rank, cover = paint_rectangles(edges, ranks, canvas.size)
    cover = np.minimum(cover, 1)[..., None]
    grey = canvas.image.mean(axis=2, keepdims=True)
    painted = (1 - opacity) * grey + opacity * heat_colours(rank)
    return np.rint(canvas.image * (1 - cover) + painted * cover).astype(np.uint8)


def level_words(tiles: TileScores) -> str:
    """Name of the only level of these tiles, with its magnification where known."""
    level = tiles.levels[0]
    name = tiles.magnifications.get(level)
    return f"level {level}" if name is None else f"level {level} ({name:g}x)"
