"""Polygons as an annotation of the Digital Slide Archive (large_image).

Coordinates are base-layer px of the whole canvas: DSA does not crop a slide to its bounds. Holes
are the member ``holes`` of a closed polyline; measurements are in ``user``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.outputs.annotation import Annotation

_DECIMALS = 2  # of a level-0 px
_LINE_WIDTH = 2.0


def write_dsa(
    path: Path | str,
    annotations: Iterable[Annotation],
    *,
    name: str,
    description: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> int:
    """Write one annotation document, element by element.

    Args:
        path: ``*.json``.
        annotations: in level-0 px of the canvas.
        name: of the annotation.
        description: likewise.
        attributes: about the whole image, e.g. class probabilities.

    Returns:
        Number of elements.
    """
    about = {"name": name, "description": description, "attributes": dict(attributes or {})}
    count = 0
    with write_atomically(path) as partial, partial.open("w", encoding="utf-8") as out:
        out.write(f'{json.dumps(about)[:-1]}, "elements": [')
        for one in annotations:
            out.write(f"{',' if count else ''}\n{json.dumps(_element(one))}")
            count += 1
        out.write("\n]}\n")
    return count


def _element(one: Annotation) -> dict[str, Any]:
    outer, *holes = (_points(ring) for ring in one.rings)
    colour = "rgb({}, {}, {})".format(*one.colour)
    return {
        "type": "polyline",
        "group": one.name,
        "label": {"value": one.name},
        "closed": True,
        "points": outer,
        **({"holes": holes} if holes else {}),
        "lineColor": colour,
        "lineWidth": _LINE_WIDTH,
        "fillColor": "rgba({}, {}, {}, 0.25)".format(*one.colour),
        "user": dict(one.measurements),
    }


def _points(ring: np.ndarray) -> list[list[float]]:
    return [[x, y, 0] for x, y in ring.round(_DECIMALS).tolist()]
