"""What a client asks of a slide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monai_ext.engines.segment_region import Box
from monai_ext.errors import SettingError

OUTPUTS = ("asap", "dsa", "json")
FRAMES = ("bounds", "canvas")


@dataclass(frozen=True, kw_only=True)
class SlideRequest:
    """A request without the image.

    Attributes:
        boxes: regions in level-0 px as the client counts them; none is the whole slide.
        output: ``asap`` (XML), ``dsa`` (JSON) or ``json`` (GeoJSON and probabilities).
        frame: what the client calls (0, 0): the corner of the slide's ``bounds``, as QuPath does,
            or of the whole ``canvas``, as DSA does.
        min_area_px: smaller polygons are left out, level-0 px2.
    """

    boxes: tuple[Box, ...] = ()
    output: str = "json"
    frame: str = "bounds"
    min_area_px: float = 0.0

    def boxes_from(self, origin: tuple[int, int]) -> list[Box]:
        """The boxes counted from the corner of the bounds.

        Args:
            origin: of the bounds, level-0 px ``(x, y)`` of the canvas.
        """
        x, y = origin if self.frame == "canvas" else (0, 0)
        return [Box(box.left - x, box.top - y, box.width, box.height) for box in self.boxes]


def read_request(request: Mapping[str, Any]) -> SlideRequest:
    """Read what MONAI Label hands over.

    ``location`` and ``size`` are level-0 px whatever ``level`` is, as QuPath's extension and DSA's
    plugin send them; a size of 0 or less, which both send for "no region", is the whole slide.
    ``wsi_tiles``, a list of locations and sizes, goes before them. ``tile_size`` and ``level`` are
    the network's own matter: it sees the slide at the um a pixel that it was trained at.

    Args:
        request: ``location``, ``size``, ``wsi_tiles``, ``output``, ``frame``, ``min_poly_area``.

    Raises:
        SettingError: for a value that is none of what it may be.
    """
    output = str(request.get("output") or "json")
    frame = str(request.get("frame") or ("canvas" if output == "dsa" else "bounds"))
    for name, value, allowed in (("output", output, OUTPUTS), ("frame", frame, FRAMES)):
        if value not in allowed:
            raise SettingError(f"{name}={value!r}", f"one of {', '.join(allowed)}", "mend it")
    tiles = request.get("wsi_tiles") or [request]
    if not isinstance(tiles, Sequence) or not all(isinstance(tile, Mapping) for tile in tiles):
        raise SettingError("wsi_tiles", "a list of {location, size}", "mend the request")
    boxes = [_box(tile) for tile in tiles]
    return SlideRequest(
        boxes=() if None in boxes else tuple(box for box in boxes if box is not None),
        output=output,
        frame=frame,
        min_area_px=_number("min_poly_area", request.get("min_poly_area") or 0),
    )


def _box(tile: Mapping[str, Any]) -> Box | None:
    """A region; ``None`` for the whole slide."""
    width, height = _pair("size", tile.get("size") or (0, 0))
    left, top = _pair("location", tile.get("location") or (0, 0))
    return None if width <= 0 or height <= 0 else Box(left, top, width, height)


def _pair(name: str, value: Any) -> tuple[int, int]:
    is_pair = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2
    if not is_pair:
        raise SettingError(f"{name}={value!r}", "two numbers, x and y", "mend the request")
    x, y = (round(_number(name, part)) for part in value)
    return x, y


def _number(name: str, value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not abs(value) < 2**31:
        raise SettingError(f"{name}={value!r}", "a number of pixels", "mend the request")
    return float(value)
