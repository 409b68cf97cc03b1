"""A tissue mask as polygons with holes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shapely import Polygon


def mask_polygons(mask: np.ndarray) -> list[Polygon]:
    """Outlines of the connected pieces of a mask, in mask px.

    Args:
        mask: bool [h, w].

    Returns:
        One polygon a 4-connected piece; corners lie between pixel centres, so that a diagonal
        border is a diagonal line.
    """
    from scipy.ndimage import find_objects, label
    from shapely import Polygon
    from skimage.measure import find_contours

    pieces = np.asarray(label(mask)[0])  # type: ignore[index]
    polygons = []
    for number, (rows, cols) in enumerate(find_objects(pieces), start=1):
        piece = np.pad(pieces[rows, cols] == number, 1)
        rings = [ring[:, ::-1] for ring in find_contours(piece.astype(np.float32), 0.5)]
        corner = np.array(
            [cols.start - 0.5, rows.start - 0.5]
        )  # the padding is one px, a centre half
        rings = [ring + corner for ring in rings]
        outer = max(range(len(rings)), key=lambda k: float(np.ptp(rings[k], axis=0).prod()))
        holes = [ring for k, ring in enumerate(rings) if k != outer]
        polygons.append(Polygon(rings[outer], holes))
    return polygons
