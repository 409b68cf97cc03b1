"""A small slide whose scan covers only a part of its canvas, as OpenSlide's bounds tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_ext.testing.tiny_slides import write_tiny_slide

_XML = """<?xml version="1.0"?>
<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01" uuid="tiny">
<collection name="tiny" uuid="tiny" sizeX="{canvas_x}" sizeY="{canvas_y}">
<image name="scan" uuid="scan"><creationDate>2020-01-01T00:00:00Z</creationDate>
<device model="tiny" version="1"/>
<pixels sizeX="{width}" sizeY="{height}">{dimensions}</pixels>
<view sizeX="{size_x}" sizeY="{size_y}" offsetX="{offset_x}" offsetY="{offset_y}" spacingZ="0"/>
<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings>
<illuminationSettings><numericalAperture>0.7</numericalAperture>
<illuminationSource>brightfield</illuminationSource></illuminationSettings></scanSettings>
</image></collection></scn>"""


def write_bounded_slide(
    path: Path | str,
    image: np.ndarray,
    *,
    canvas: tuple[int, int],
    corner: tuple[int, int],
    mpp: float = 0.5,
    tile_px: int = 128,
) -> Path:
    """Write a Leica SCN file of two levels with one scan on a larger canvas.

    OpenSlide reports the canvas as level 0 and the scan as ``openslide.bounds-*``; what lies
    outside the scan is transparent.

    Args:
        path: the file.
        image: uint8 [h, w, 3] RGB with even sizes, the scan at level 0.
        canvas: (width, height) of level 0 in px.
        corner: where the scan's top left px lies on the canvas, (x, y).
        mpp: um a level-0 px.
        tile_px: edge of the stored tiles, a multiple of 16.

    Returns:
        ``path``.
    """
    height, width = image.shape[:2]
    nm = round(mpp * 1000)  # the file counts in nanometres
    sizes = [(width // factor, height // factor) for factor in (1, 2)]
    dimensions = "".join(
        f'<dimension sizeX="{w}" sizeY="{h}" r="{k}" ifd="{k}"/>' for k, (w, h) in enumerate(sizes)
    )
    description = _XML.format(
        canvas_x=canvas[0] * nm,
        canvas_y=canvas[1] * nm,
        width=width,
        height=height,
        dimensions=dimensions,
        size_x=width * nm,
        size_y=height * nm,
        offset_x=corner[0] * nm,
        offset_y=corner[1] * nm,
    )
    return write_tiny_slide(
        path, image, mpp=mpp, tile_px=tile_px, factors=(1, 2), description=description
    )
