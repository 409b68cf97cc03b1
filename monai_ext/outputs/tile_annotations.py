"""Tiles with their attention as polygons, for formats of annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monai_ext.outputs.annotation import Annotation, annotation_of
from monai_ext.outputs.geojson import TileClass, tile_features
from monai_ext.outputs.slide_frame import SlideFrame
from monai_ext.outputs.tile_scores import TileScores

_MEASURED = ("attention", "attention rank")


def tile_annotations(
    tiles: TileScores,
    frame: SlideFrame,
    colour: tuple[int, int, int],
    levels: Sequence[int] | None = None,
) -> Iterator[Annotation]:
    """The tiles of :func:`monai_ext.outputs.geojson.write_geojson`, a class a level.

    Args:
        tiles: places and attention.
        frame: what is shown of the slide; coordinates count from its corner.
        colour: of all.
        levels: ``None``: only the finest.

    Yields:
        Squares, clipped to the frame, with ``attention`` and ``attention rank``.

    Raises:
        FeatureError: for a level without tiles.
    """
    for level in tiles.levels[:1] if levels is None else levels:
        tile_class = TileClass(f"tile, level {level}", colour)
        for feature in tile_features(tiles.of_level(level), frame, tile_class):
            found = annotation_of(feature)
            measured = {name: found.measurements[name] for name in _MEASURED}
            yield replace(found, measurements=measured)
