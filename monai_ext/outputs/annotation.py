"""A polygon of one class, on its way to a viewer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Annotation:
    """One polygon.

    Attributes:
        name: of its class.
        colour: red, green, blue, 0 to 255.
        rings: float64 ``[n, 2]`` x, y in level-0 px; the outer one first, then holes; the last
            point is not repeated.
        measurements: numbers about it.
    """

    name: str
    colour: tuple[int, int, int]
    rings: tuple[NDArray[np.float64], ...]
    measurements: Mapping[str, float] = field(default_factory=dict)

    def moved(self, right: float, down: float) -> Annotation:
        """The same polygon elsewhere.

        Args:
            right: level-0 px.
            down: level-0 px.
        """
        shift = np.array([right, down])
        return replace(self, rings=tuple(ring + shift for ring in self.rings))

    def feature(self) -> dict[str, Any]:
        """As QuPath reads it in GeoJSON; ``monai_ext.outputs.geojson`` tells what that is."""
        rings = [[*ring.tolist(), ring[0].tolist()] for ring in self.rings]
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": rings},
            "properties": {
                "objectType": "annotation",
                "classification": {"name": self.name, "color": list(self.colour)},
                "measurements": dict(self.measurements),
            },
        }


def annotation_of(feature: Mapping[str, Any] | str) -> Annotation:
    """Read back what :meth:`Annotation.feature` or a label map's GeoJSON says.

    Args:
        feature: a polygon with a class, as mapping or as JSON.
    """
    found = json.loads(feature) if isinstance(feature, str) else feature
    properties = found["properties"]
    red, green, blue = properties["classification"]["color"]
    rings = found["geometry"]["coordinates"]
    return Annotation(
        name=properties["classification"]["name"],
        colour=(red, green, blue),
        rings=tuple(np.asarray(ring[:-1], np.float64) for ring in rings),
        measurements=properties.get("measurements", {}),
    )
