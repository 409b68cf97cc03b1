"""Which windows a network looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from monai.data.utils import dense_patch_slices

from monai_ext.wsi import TissueMask


@dataclass(frozen=True, eq=False)
class WindowPlan:
    """Windows over a picture, placed as MONAI's sliding window does it.

    A picture smaller than a window lies in the middle of it.

    Attributes:
        size: width and height of the picture in px.
        roi_px: edge of a window.
        before: px of padding left of the picture and above it, ``(x, y)``.
        rows: top edge of each row of windows, counted from the padding's edge.
        cols: left edge of each column of windows, likewise.
        chosen: bool [len(rows), len(cols)], the windows that are looked at.
    """

    size: tuple[int, int]
    roi_px: int
    before: tuple[int, int]
    rows: tuple[int, ...]
    cols: tuple[int, ...]
    chosen: np.ndarray

    @property
    def padded(self) -> tuple[int, int]:
        """Width and height with padding."""
        return max(self.size[0], self.roi_px), max(self.size[1], self.roi_px)

    def boxes(self) -> np.ndarray:
        """Left, top, right, bottom of the chosen windows inside the picture, px, [N, 4]."""
        row, col = np.nonzero(self.chosen)
        left = np.asarray(self.cols)[col] - self.before[0]
        top = np.asarray(self.rows)[row] - self.before[1]
        box = np.stack([left, top, left + self.roi_px, top + self.roi_px], axis=1)
        return np.clip(box, 0, [*self.size, *self.size])


def plan_windows(
    size: tuple[int, int],
    roi_px: int,
    overlap: float,
    tissue: TissueMask | None = None,
    scale: float = 1.0,
) -> WindowPlan:
    """Lay windows; those without tissue are left out.

    Args:
        size: width and height of the picture in px.
        roi_px: edge of a window.
        overlap: share of a window that the next one covers too, 0 to below 1.
        tissue: ``None`` chooses all windows.
        scale: level-0 px a px, for the tissue.
    """
    before = tuple(max(0, roi_px - edge) // 2 for edge in size)
    cols, rows = (_starts(edge, roi_px, overlap) for edge in size)
    every = np.ones((len(rows), len(cols)), bool)
    plan = WindowPlan(size, roi_px, (before[0], before[1]), rows, cols, every)
    if tissue is not None:
        every[:] = _with_tissue(plan.boxes() * scale, tissue).reshape(every.shape)
    return plan


def _starts(edge: int, roi_px: int, overlap: float) -> tuple[int, ...]:
    edge = max(edge, roi_px)
    step = roi_px if edge == roi_px else max(1, int(roi_px * (1 - overlap)))
    slices = dense_patch_slices((edge,), (roi_px,), (step,))
    return tuple(part[0].start for part in slices)


def _with_tissue(boxes: np.ndarray, tissue: TissueMask) -> np.ndarray:
    """Whether a mask px of tissue lies, also in part, in each box of level-0 px."""
    height, width = tissue.mask.shape
    total = np.pad(np.cumsum(np.cumsum(tissue.mask, 0, np.int64), 1), ((1, 0), (1, 0)))
    down = np.array([*tissue.downsample])
    limit = [width, height]
    left, top = np.clip(np.floor(boxes[:, :2] / down + 1e-9), 0, limit).astype(int).T
    right, bottom = np.clip(np.ceil(boxes[:, 2:] / down - 1e-9), 0, limit).astype(int).T
    inside = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return inside > 0
