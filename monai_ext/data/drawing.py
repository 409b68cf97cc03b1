"""What a person drew over a slide, as a viewer saves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_ext.errors import AnnotationError

MAX_BYTES = 256 * 2**20
SUFFIXES = (".xml", ".geojson", ".json")


@dataclass(frozen=True, eq=False)
class DrawnPolygon:
    """One polygon of a class.

    Attributes:
        name: of its class.
        rings: float64 ``[n, 2]`` x, y; where an odd number of them lies around a point, it is
            inside. The last point is not repeated.
    """

    name: str
    rings: tuple[NDArray[np.float64], ...]

    @property
    def area(self) -> float:
        """Of the largest ring, px2."""
        return max(_area(ring) for ring in self.rings)


@dataclass(frozen=True, eq=False)
class Drawing:
    """The polygons of a file.

    Attributes:
        polygons: in level-0 px from the corner of what the viewer shows, or from that of ``box``.
        box: x, y, width, height of the region that they were drawn in, if the file tells one; their
            coordinates then count from its corner.
        skipped: how many objects have no class or no area.
    """

    polygons: tuple[DrawnPolygon, ...]
    box: tuple[int, int, int, int] | None = None
    skipped: int = 0

    def placed(self) -> Drawing:
        """The same with coordinates from the corner of what the viewer shows."""
        if self.box is None:
            return self
        corner = np.array(self.box[:2])
        moved = (
            DrawnPolygon(one.name, tuple(ring + corner for ring in one.rings))
            for one in self.polygons
        )
        return Drawing(tuple(moved), None, self.skipped)


def read_drawing(path: Path | str) -> Drawing:
    """Read ASAP XML or GeoJSON, told by the suffix.

    Args:
        path: ``.xml``, ``.geojson`` or ``.json``.

    Raises:
        AnnotationError: if it is too large, or holds something else.
    """
    from monai_ext.data.asap_drawing import read_asap
    from monai_ext.data.geojson_drawing import read_geojson

    path = Path(path)
    readers = {".xml": read_asap, ".geojson": read_geojson, ".json": read_geojson}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise AnnotationError(
            f"annotations {path.name}",
            "they are ASAP XML (.xml) or GeoJSON (.geojson, .json)",
            "export them so",
        )
    if path.stat().st_size > MAX_BYTES:
        raise AnnotationError(
            f"annotations {path.name} have {path.stat().st_size >> 20} MiB",
            f"at most {MAX_BYTES >> 20}",
            "export a part of them",
        )
    return read(path)


def drawn_polygon(name: str, rings: list[NDArray[np.float64]]) -> DrawnPolygon | None:
    """A polygon, or ``None`` where nothing has an area.

    Args:
        name: of its class.
        rings: float ``[n, 2]``, closed or not.

    Raises:
        AnnotationError: for a coordinate that is no number.
    """
    opened = [
        ring[:-1] if len(ring) > 1 and (ring[0] == ring[-1]).all() else ring for ring in rings
    ]
    if any(not np.isfinite(ring).all() for ring in opened):
        raise AnnotationError(
            f"a polygon of class {name} has a coordinate that is no number",
            "coordinates are pixels",
            "export the annotations again",
        )
    kept = tuple(ring for ring in opened if len(ring) > 2 and _area(ring) > 0)
    return DrawnPolygon(name, kept) if kept else None


def _area(ring: NDArray[np.float64]) -> float:
    x, y = ring.T
    return abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2
