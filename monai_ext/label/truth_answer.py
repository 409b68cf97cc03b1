"""A simulated annotator: the truth inside squares, as a viewer saves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.label_runs import label_pieces, label_runs
from monai_ext.engines.segment_region import Box
from monai_ext.outputs.annotation import Annotation
from monai_ext.outputs.asap_xml import write_asap
from monai_ext.outputs.class_colours import class_colours
from monai_ext.outputs.label_polygons import trace_pieces

_REGION, _GREY = "Region*", (128, 128, 128)
_RUNS = 100_000


def write_truth(
    path: Path | str, truth: NDArray[np.uint8], class_names: Sequence[str], boxes: Iterable[Box]
) -> int:
    """Write ASAP XML: a rectangle ``Region*`` a box, and in it polygons of the truth, cut at it.

    Polygons run along the edges of pixels, so that nothing of the truth is lost.

    Args:
        path: ``*.xml``; replaced where it is there.
        truth: class numbers ``[H, W]`` of the image's level-0 px.
        class_names: by class number; the first, background, gets no polygon.
        boxes: what was annotated, inside the image.

    Returns:
        Number of polygons.
    """
    drawn = (one for box in boxes for one in _drawn(truth, class_names, box))
    return write_asap(path, drawn, {"Name": Path(path).stem})


def _drawn(truth: NDArray[np.uint8], class_names: Sequence[str], box: Box) -> Iterator[Annotation]:
    right, bottom = box.left + box.width, box.top + box.height
    corners = [[box.left, box.top], [right, box.top], [right, bottom], [box.left, bottom]]
    yield Annotation(name=_REGION, colour=_GREY, rings=(np.array(corners, np.float64),))
    inside = truth[box.top : bottom, box.left : right]
    pieces = label_pieces(label_runs(inside, np.ones(inside.shape)))
    colours = class_colours(len(class_names))
    for piece, runs in pieces.chunks(np.arange(len(pieces)), _RUNS):
        for polygon in trace_pieces(piece, runs):
            label = int(pieces.label[polygon.piece])
            rings = (polygon.outer, *polygon.holes)
            one = Annotation(
                name=class_names[label],
                colour=colours[label],
                rings=tuple(ring.astype(np.float64) for ring in rings),
            )
            yield one.moved(box.left, box.top)
