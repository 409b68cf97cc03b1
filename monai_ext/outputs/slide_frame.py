"""The part of a slide that pictures and viewers show, in level-0 pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_ext.outputs.tile_scores import TileScores
from monai_ext.wsi.info import SlideInfo


@dataclass(frozen=True)
class SlideFrame:
    """A rectangle of level 0. QuPath's (0, 0) is the frame's upper left corner.

    Attributes:
        x: left edge, level-0 px.
        y: top edge.
        width: level-0 px.
        height: level-0 px.
    """

    x: int
    y: int
    width: int
    height: int


def slide_frame(info: SlideInfo) -> SlideFrame:
    """The scanned part (``openslide.bounds-*``) where the slide has one, else all of it.

    QuPath crops to the bounds, so coordinates of a slide with bounds must be shifted by them
    (https://github.com/qupath/qupath/issues/1278); a thumbnail of the rest shows nothing.
    """
    if info.bounds is not None:
        return SlideFrame(*info.bounds)
    return SlideFrame(0, 0, info.width, info.height)


def tiles_frame(tiles: TileScores) -> SlideFrame:
    """Without the slide: from (0, 0) to its size where known, else to the last tile's edge."""
    if tiles.slide_size is not None:
        return SlideFrame(0, 0, *tiles.slide_size)
    right, bottom = (int(v) for v in tiles.edges()[:, 2:].max(axis=0, initial=1))
    return SlideFrame(0, 0, right, bottom)


def clipped_edges(tiles: TileScores, frame: SlideFrame) -> np.ndarray:
    """Left, top, right, bottom of each tile inside the frame, counted from its corner, [N, 4].

    A tile outside has no area: right is not above left, or bottom not above top.
    """
    shifted = tiles.edges() - np.array([frame.x, frame.y, frame.x, frame.y])
    limit = np.array([frame.width, frame.height, frame.width, frame.height])
    return np.clip(shifted, 0, limit)
