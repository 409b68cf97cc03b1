"""A label map as polygons with holes that QuPath opens, written piece by piece.

QuPath's side of the format is told in ``monai_ext.outputs.geojson``. Pieces are annotations, as a
person would have drawn them. Coordinates are level-0 px from the corner that QuPath shows as
(0, 0): a label map begins at the slide's bounds, so no shift is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from monai_ext.atomic import write_atomically
from monai_ext.data.label_map import LabelMap
from monai_ext.data.label_runs import LabelPieces
from monai_ext.outputs.class_colours import class_colours
from monai_ext.outputs.geojson import text_writer
from monai_ext.outputs.label_polygons import PixelPolygon, ring_area, trace_pieces

_RUNS_AT_A_TIME = 200_000
_DECIMALS = 2  # of a level-0 px


@dataclass(frozen=True, kw_only=True)
class OutlineRules:
    """What becomes of the outlines of pieces.

    Attributes:
        tolerance_um: how far an outline may be moved to save points; ``None`` is half a pixel of
            the label map, 0 keeps the edges of its pixels.
        min_area_um2: smaller pieces are left out.
        min_hole_um2: smaller holes are closed in the outline.
    """

    tolerance_um: float | None = None
    min_area_um2: float = 0.0
    min_hole_um2: float = 0.0

    def tolerance(self, mpp: float) -> float:
        """In um, for a label map of ``mpp`` um a pixel."""
        return mpp / 2 if self.tolerance_um is None else float(self.tolerance_um)


def outlined_pieces(found: LabelMap, pieces: LabelPieces, rules: OutlineRules) -> NDArray[np.int64]:
    """Which pieces are large enough."""
    return np.flatnonzero(pieces.pixels * found.mpp**2 >= rules.min_area_um2)


def write_label_geojson(
    path: Path | str,
    found: LabelMap,
    pieces: LabelPieces,
    class_names: Sequence[str],
    rules: OutlineRules,
    *,
    members: Mapping[str, Any] | None = None,
) -> int:
    """Write one feature for each connected piece of each class except class 0.

    A piece has the measurements ``area um2`` (of its pixels, before outlines are made simpler) and
    ``mean probability`` of its class. Adjacent pieces share their border at ``tolerance_um=0`` and
    may overlap by the tolerance otherwise. The member ``outlines`` says which rules were applied.

    Args:
        path: ``*.geojson``, or ``*.geojson.gz`` to compress.
        found: the label map.
        pieces: of its runs.
        class_names: by label.
        rules: for outlines.
        members: further top-level members, e.g. provenance.

    Returns:
        Number of features.
    """
    tolerance = rules.tolerance(found.mpp)
    said = {
        "unit": "level-0 px from the corner of the slide's bounds",
        "tolerance_um": tolerance,
        "min_area_um2": rules.min_area_um2,
        "min_hole_um2": rules.min_hole_um2,
        "label_mpp": found.mpp,
        "origin_level0_px": list(found.origin),
    }
    top = json.dumps({"type": "FeatureCollection", "outlines": said, **(members or {})})
    count = 0
    with write_atomically(path) as partial, text_writer(partial) as out:
        out.write(f'{top[:-1]}, "features": [')
        for feature in label_features(found, pieces, class_names, rules):
            out.write(f",\n{feature}" if count else f"\n{feature}")
            count += 1
        out.write("\n]}\n")
    return count


def label_features(
    found: LabelMap, pieces: LabelPieces, class_names: Sequence[str], rules: OutlineRules
) -> Iterator[str]:
    """The features of :func:`write_label_geojson` as JSON, one a piece."""
    heads = [
        _head(*pair) for pair in zip(class_names, class_colours(len(class_names)), strict=True)
    ]
    areas = pieces.pixels * found.mpp**2
    chosen = outlined_pieces(found, pieces, rules)
    for owner, runs in pieces.chunks(chosen, _RUNS_AT_A_TIME):
        for polygon in trace_pieces(owner, runs):
            k = polygon.piece
            rings = json.dumps(_rings(polygon, found, rules), separators=(",", ":"))
            yield (
                f'{{"type":"Feature","geometry":{{"type":"Polygon","coordinates":{rings}}},'
                f'{heads[pieces.label[k]]},"measurements":{{"area um2":{areas[k]:.6g},'
                f'"mean probability":{pieces.probability[k]:.6f}}}}}}}'
            )


def _head(name: str, colour: tuple[int, int, int]) -> str:
    classification = {"name": name, "color": list(colour)}
    head = {"objectType": "annotation", "classification": classification}
    return f'"properties":{json.dumps(head, separators=(",", ":"))[:-1]}'


def _rings(polygon: PixelPolygon, found: LabelMap, rules: OutlineRules) -> list[Any]:
    """Closed rings in level-0 px; the outer one first."""
    least = rules.min_hole_um2 / found.mpp**2
    holes = [hole for hole in polygon.holes if -ring_area(hole) >= least]
    rings = [ring.astype(np.float64) for ring in (polygon.outer, *holes)]
    tolerance = rules.tolerance(found.mpp) / found.mpp
    if tolerance > 0:
        rings = _simpler(rings, tolerance)
    limit = np.array(found.size, np.float64)
    placed = [np.minimum(ring * found.scale, limit).round(_DECIMALS) for ring in rings]
    return [_closed(ring) for ring in placed]


def _simpler(rings: list[NDArray[np.float64]], tolerance: float) -> list[NDArray[np.float64]]:
    """Fewer points, none of the outline farther off than ``tolerance``; rings stay apart."""
    from shapely import Polygon

    simple = Polygon(rings[0], rings[1:]).simplify(tolerance, preserve_topology=True)
    made = cast("Polygon", simple)
    return [np.asarray(ring.coords)[:-1] for ring in (made.exterior, *made.interiors)]


def _closed(ring: NDArray[np.float64]) -> list[list[float | int]]:
    points = [[int(v) if v.is_integer() else v for v in point] for point in ring.tolist()]
    return [*points, points[0]]
