"""Some boxes of a slide, labelled as the whole slide would be."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from monai_ext.data.label_map import LabelMap
from monai_ext.data.label_runs import LabelRuns, joined_runs, label_runs
from monai_ext.engines.segment_inferer import labelled_rows
from monai_ext.engines.segment_pixels import reading_grid
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.engines.segment_windows import WindowPlan, plan_windows
from monai_ext.errors import SettingError


@dataclass(frozen=True)
class Box:
    """A rectangle in level-0 px, from the corner of the slide's bounds.

    Attributes:
        left: of its first column.
        top: of its first row.
        width: above 0.
        height: above 0.
    """

    left: int
    top: int
    width: int
    height: int

    def meets(self, other: Box) -> bool:
        """Whether both share ground."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


@dataclass(frozen=True, eq=False)
class LabelledRegion:
    """The smallest rectangle around the boxes.

    Attributes:
        labels: its label map; class 0 outside the boxes. ``origin`` is the slide's.
        corner: level-0 px ``(x, y)`` of the map's corner from that of the slide's bounds.
    """

    labels: LabelMap
    corner: tuple[float, float]


def segment_region(
    slide: SlideToSegment,
    network: nn.Module,
    boxes: Sequence[Box],
    device: torch.device | str | None = None,
) -> LabelledRegion:
    """Label the pixels of some boxes.

    The windows are those of the whole slide that touch a box, so what a pixel is does not depend on
    where the edges of the boxes lie. No tissue is looked for: who draws a box wants an answer.

    Args:
        slide: what is read; it stays open.
        network: in the mode in which it is to be used.
        boxes: what lies outside the slide is cut off; they may overlap.
        device: ``None``: where the network is.

    Raises:
        SettingError: if no box touches the slide, or the network has one class only.
        SlideError: if the slide cannot be read, has no mpp, or the network gives no number.
    """
    started = time.perf_counter()
    settings, info = slide.settings, slide.reader.info
    grid = reading_grid(settings.spec, slide.mpp, (info.width, info.height))
    scale = grid.step_px / settings.read_px
    width, height = (max(1, int(np.ceil(edge / scale - 1e-9))) for edge in grid.slide_size)
    plan = plan_windows((width, height), settings.roi_px, settings.overlap)
    asked = _asked(boxes, scale, plan.size)
    plan.chosen[:] = _touching(plan, asked)
    labels, runs = _labelled(slide, network, plan, asked, device)
    found = LabelMap(
        slide=slide.slide,
        labels=labels,
        runs=runs,
        seen=np.bincount(labels[asked.inside]).astype(np.int64),
        scale=scale,
        mpp=scale * slide.mpp,
        size=(math.ceil(labels.shape[1] * scale), math.ceil(labels.shape[0] * scale)),
        origin=slide.origin,
        slide_hash=info.slide_hash,
        reader=slide.reader.backend,
        seconds=time.perf_counter() - started,
    )
    return LabelledRegion(found, (asked.left * scale, asked.top * scale))


class _Asked(NamedTuple):
    """Boxes in px of the label map."""

    spans: np.ndarray
    """int64 ``[N, 4]``: left, top, right, bottom."""
    left: int
    top: int
    inside: np.ndarray
    """bool, from that corner on."""


def _asked(boxes: Sequence[Box], scale: float, size: tuple[int, int]) -> _Asked:
    edges = [[box.left, box.top, box.left + box.width, box.top + box.height] for box in boxes]
    exact = np.array(edges, np.float64).reshape(-1, 4) / scale
    outward = np.concatenate([np.floor(exact[:, :2] + 1e-9), np.ceil(exact[:, 2:] - 1e-9)], 1)
    spans = np.clip(outward, 0, [*size, *size]).astype(np.int64)
    spans = spans[(spans[:, 2:] > spans[:, :2]).all(1)]
    if not len(spans):
        places = [f"{box.width} x {box.height} px at {box.left}, {box.top}" for box in boxes[:3]]
        whole = f"{round(size[0] * scale)} x {round(size[1] * scale)} px"
        raise SettingError(
            f"region of {'; '.join(places) or 'nothing'} is not on the slide, which is {whole}",
            "a region is given in level-0 px from the corner of what the slide shows",
            "draw it on the slide",
        )
    (left, top), (right, bottom) = spans[:, :2].min(0).tolist(), spans[:, 2:].max(0).tolist()
    inside = np.zeros((bottom - top, right - left), bool)
    for x0, y0, x1, y1 in spans.tolist():
        inside[y0 - top : y1 - top, x0 - left : x1 - left] = True
    return _Asked(spans, left, top, inside)


def _touching(plan: WindowPlan, asked: _Asked) -> np.ndarray:
    """Which windows share a pixel with a box."""
    chosen = np.zeros(plan.chosen.shape, bool)
    rows, cols = np.asarray(plan.rows) - plan.before[1], np.asarray(plan.cols) - plan.before[0]
    for left, top, right, bottom in asked.spans.tolist():
        in_row = (rows < bottom) & (rows + plan.roi_px > top)
        in_col = (cols < right) & (cols + plan.roi_px > left)
        chosen |= in_row[:, None] & in_col
    return chosen


def _labelled(
    slide: SlideToSegment,
    network: nn.Module,
    plan: WindowPlan,
    asked: _Asked,
    device: torch.device | str | None,
) -> tuple[np.ndarray, LabelRuns]:
    labels, runs = np.zeros_like(asked.inside, np.uint8), []
    bottom, cols = asked.top + len(labels), slice(asked.left, asked.left + labels.shape[1])
    with torch.inference_mode():
        for first, found, probability, _ in labelled_rows(slide, network, plan, device):
            above, below = max(first, asked.top), min(first + len(found), bottom)
            if above >= below:
                continue
            given, row = slice(above - first, below - first), above - asked.top
            inside = asked.inside[row : row + below - above]
            labels[row : row + len(inside)] = part = np.where(inside, found[given, cols], 0)
            runs.append(label_runs(part, probability[given, cols], row))
    return labels, joined_runs(runs)
