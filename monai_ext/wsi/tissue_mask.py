"""Where tissue is, as pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TissueMask:
    """Tissue of a whole slide.

    Args:
        mask: bool [h, w], True = tissue; its corner lies at level-0 px (0, 0).
        downsample: level-0 px a mask px, ``(x, y)``, fractions allowed.
        slide_size: (width, height) in level-0 px; mask px beyond count as no tissue.
        origin: level-0 px that QuPath calls (0, 0), ``SlideInfo.origin``.
        method: what made it, with its settings; goes into the request of a grid.
    """

    mask: np.ndarray
    downsample: tuple[float, float]
    slide_size: tuple[int, int]
    origin: tuple[int, int] = (0, 0)
    method: str = ""

    def fraction(self, x0: int, y0: int, step: int, rows: int, cols: int) -> np.ndarray:
        """Share of tissue in each cell of a grid, exact for the mask's pixels.

        Args:
            x0: left edge of the grid in level-0 px.
            y0: top edge in level-0 px.
            step: edge of a cell in level-0 px.
            rows: of the grid.
            cols: of the grid.

        Returns:
            float64 [rows, cols] in 0 to 1; outside the slide is no tissue.
        """
        height, width = self.mask.shape
        edges_x = np.minimum(np.arange(width + 1) * self.downsample[0], self.slide_size[0])
        edges_y = np.minimum(np.arange(height + 1) * self.downsample[1], self.slide_size[1])
        borders = x0 + step * np.arange(cols + 1)
        share = np.zeros((rows, cols))
        for row in range(rows):
            top = y0 + step * row
            first = max(0, int(np.searchsorted(edges_y, top, side="right")) - 1)
            last = int(np.searchsorted(edges_y, top + step, side="left"))
            low, high = edges_y[first:last], edges_y[first + 1 : last + 1]
            if len(high) == 0:
                continue
            tall = np.minimum(high, top + step) - np.maximum(low[: len(high)], top)
            area = np.clip(tall, 0, None) @ self.mask[first : first + len(high)] * np.diff(edges_x)
            total = np.concatenate([[0.0], np.cumsum(area)])
            share[row] = np.diff(np.interp(borders, edges_x, total))
        return share / step**2
