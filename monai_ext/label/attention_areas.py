"""Tiles of highest attention as polygons, for viewers that draw nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from monai_ext.outputs.annotation import Annotation

TOP_SHARE = 0.1
_COLOUR = (213, 94, 0)


def attention_label(class_name: str) -> str:
    """Class of these polygons; the prediction is the slide's, not the area's.

    Args:
        class_name: that the slide is predicted to be.
    """
    return f"top {TOP_SHARE:.0%} attention, slide predicted {class_name}"


def attention_areas(tiles: Iterable[Mapping[str, Any]], class_name: str) -> list[Annotation]:
    """Join the tiles whose attention is among the highest 10 % of their level.

    Attention says what the slide's prediction hangs on. It is not evidence of tumour.

    Args:
        tiles: features of tiles with the measurement ``attention rank``, 0 to 1.
        class_name: that the slide is predicted to be.

    Returns:
        Polygons with holes, in the tiles' frame, with the mean rank and number of their tiles.
    """
    from shapely import Polygon, STRtree, get_parts, union_all

    ranked = [(tile["properties"]["measurements"]["attention rank"], tile) for tile in tiles]
    chosen = [(rank, tile) for rank, tile in ranked if rank >= 1 - TOP_SHARE]
    shapes = [Polygon(tile["geometry"]["coordinates"][0]) for _, tile in chosen]
    ranks, tree = np.array([rank for rank, _ in chosen]), STRtree(shapes)
    areas: list[Annotation] = []
    for area in get_parts(union_all(shapes)):
        mine = tree.query(area, predicate="covers")
        rings = [area.exterior, *area.interiors]
        found = {"tiles": float(len(mine)), "mean attention rank": float(ranks[mine].mean())}
        areas.append(
            Annotation(
                name=attention_label(class_name),
                colour=_COLOUR,
                rings=tuple(np.asarray(ring.coords)[:-1] for ring in rings),
                measurements=found,
            )
        )
    return areas
