"""Truth of a made slide: outlines as GeoJSON for QuPath, and a mask picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically

Outline = Sequence[tuple[float, float]]
"""Corners x, y in level-0 pixels; the last joins the first."""


def write_outlines(path: Path | str, outlines: Sequence[Outline], name: str) -> Path:
    """Write outlines as a GeoJSON feature collection of QuPath annotations of one class.

    Args:
        path: the GeoJSON.
        outlines: possibly none.
        name: of the class.
    """
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[float(x), float(y)] for x, y in [*outline, outline[0]]]],
            },
            "properties": {"objectType": "annotation", "classification": {"name": name}},
        }
        for outline in outlines
    ]
    with write_atomically(path) as partial:
        partial.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return Path(path)


def read_outlines(path: Path | str) -> list[Outline]:
    """Outer rings of what :func:`write_outlines` wrote."""
    collection = json.loads(Path(path).read_text())
    rings = [feature["geometry"]["coordinates"][0] for feature in collection["features"]]
    return [[(x, y) for x, y in ring[:-1]] for ring in rings]


def outlines_mask(
    outlines: Sequence[Outline], size: tuple[int, int], downsample: float
) -> np.ndarray:
    """Pixels within any outline.

    Args:
        outlines: in level-0 pixels.
        size: width and height at level 0.
        downsample: level-0 pixels a mask pixel.

    Returns:
        ``[ceil(height / downsample), ceil(width / downsample)]`` bool: is the pixel's centre
        inside?
    """
    from skimage.draw import polygon

    width, height = (int(np.ceil(n / downsample)) for n in size)
    mask = np.zeros((height, width), dtype=bool)
    for outline in outlines:
        x, y = (np.asarray(outline) / downsample - 0.5).T
        mask[polygon(y, x, mask.shape)] = True
    return mask


def write_mask(path: Path | str, mask: np.ndarray) -> Path:
    """Write a bool mask as a 1-bit PNG."""
    from PIL import Image

    with write_atomically(path) as partial:
        Image.fromarray(mask).save(partial, format="PNG")
    return Path(path)
