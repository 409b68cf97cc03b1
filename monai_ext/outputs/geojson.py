"""Tiles as QuPath detections in a GeoJSON file, written tile by tile.

What QuPath reads (`qupath.lib.io.PathIO`, `QuPathTypeAdapters`, 0.4 and later): a
FeatureCollection whose features have `properties.objectType` "detection",
`properties.measurements` as an object of numbers (null breaks it), and
`properties.classification` with `name` and `color` [r, g, b]. It ignores other members, reads
`.geojson`, `.json` and `.geojson.gz`, and takes coordinates as pixels from the corner of what
it shows, which is the slide's bounds where it has them. RFC 7946 means degrees; for pixels we
keep its structure only (closed rings, anticlockwise in x, y as written).
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.outputs.attention_rank import rank_within_levels
from monai_ext.outputs.slide_frame import SlideFrame, clipped_edges
from monai_ext.outputs.tile_scores import TileScores


@dataclass(frozen=True)
class TileClass:
    """QuPath class of all tiles of a file.

    Attributes:
        name: as shown in QuPath.
        colour: red, green, blue, 0 to 255.
    """

    name: str
    colour: tuple[int, int, int]


def write_geojson(
    path: Path | str,
    tiles: TileScores,
    frame: SlideFrame,
    *,
    levels: Sequence[int] | None = None,
    tile_class: TileClass | None = None,
    members: Mapping[str, Any] | None = None,
) -> int:
    """Write tiles as detections that QuPath's Measurement Maps can colour.

    A tile is named after its level and has the measurements ``attention rank`` (percentile rank
    within its level, 0 to 1), ``attention`` (raw), ``level`` and, where known, ``magnification``.
    Tiles are clipped to the frame; a tile without area there is left out.

    Args:
        path: ``*.geojson``, or ``*.geojson.gz`` to compress.
        tiles: places and attention.
        frame: what QuPath shows of the slide: its corner becomes (0, 0).
        levels: levels to write; ``None``: only the finest, as tiles of levels lie on each other.
        tile_class: class of every tile.
        members: further top-level members, e.g. provenance.

    Returns:
        Number of tiles written.

    Raises:
        FeatureError: for a level without tiles.
    """
    chosen = [tiles.of_level(level) for level in (tiles.levels[:1] if levels is None else levels)]
    extra = "".join(
        f",{json.dumps(key)}:{json.dumps(value)}" for key, value in (members or {}).items()
    )
    count = 0
    with write_atomically(path) as partial, text_writer(partial) as out:
        out.write(f'{{"type":"FeatureCollection"{extra},"features":[')
        for level_tiles in chosen:
            for feature in tile_features(level_tiles, frame, tile_class):
                out.write(f",\n{feature}" if count else f"\n{feature}")
                count += 1
        out.write("\n]}\n")
    return count


def tile_features(
    tiles: TileScores, frame: SlideFrame, tile_class: TileClass | None
) -> Iterator[str]:
    """The features of :func:`write_geojson` as JSON, of the tiles of one level."""
    level = tiles.levels[0]
    head: dict[str, Any] = {"objectType": "detection", "name": f"level {level}"}
    if tile_class is not None:
        head["classification"] = {"name": tile_class.name, "color": list(tile_class.colour)}
    start = f'"properties":{json.dumps(head, separators=(",", ":"))[:-1]},"measurements":{{'
    tail = f'"level":{level}'
    if level in tiles.magnifications:
        tail += f',"magnification":{tiles.magnifications[level]:g}'
    edges, ranks = clipped_edges(tiles, frame), rank_within_levels(tiles)
    inside = (edges[:, 2] > edges[:, 0]) & (edges[:, 3] > edges[:, 1])
    for i in np.flatnonzero(inside):
        left, top, right, bottom = edges[i].tolist()
        ring = f"[{left},{top}],[{right},{top}],[{right},{bottom}],[{left},{bottom}],[{left},{top}]"
        yield (
            f'{{"type":"Feature","geometry":{{"type":"Polygon","coordinates":[[{ring}]]}},{start}'
            f'"attention rank":{ranks[i]:.6f},"attention":{tiles.attention[i]:.9g},{tail}}}}}}}'
        )


@contextmanager
def text_writer(path: Path) -> Iterator[TextIO]:
    """UTF-8 text to a file, packed if its name ends in ``.gz``; the same bytes every time."""
    if path.suffix == ".gz":
        with (
            path.open("wb") as raw,
            gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed,
            io.TextIOWrapper(packed, encoding="utf-8") as text,
        ):
            yield text
    else:
        with path.open("w", encoding="utf-8", newline="\n") as text:
            yield text
