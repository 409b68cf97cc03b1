"""What overlapping windows say, as one picture that is finished from top to bottom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch

from monai_ext.engines.segment_windows import WindowPlan


class Band(NamedTuple):
    """Finished rows of the picture."""

    top: int
    """First row, counted with the plan's padding."""
    scores: torch.Tensor
    """float32 ``[C, h, W]``, mean of the windows; 0 where there is none."""
    is_seen: torch.Tensor
    """bool ``[h, W]``, where there is a window."""


class WindowScores(NamedTuple):
    """What the network says of windows of one row."""

    row: int
    lefts: list[int]
    scores: torch.Tensor
    """``[b, C, roi, roi]``."""


def blended_bands(
    windows: Iterable[WindowScores], plan: WindowPlan, importance: torch.Tensor
) -> Iterator[Band]:
    r"""Weighted mean of the windows at each pixel.

    .. math:: s_p = \sum_{w \ni p} g_{p - w} \, s_{wp} \Big/ \sum_{w \ni p} g_{p - w} ,

    over the windows that were looked at. Sums are held for the rows of one window only: when the
    next row of windows begins, what lies above it is finished.

    Args:
        windows: in raster order.
        plan: where they lie.
        importance: g, positive float32 ``[roi, roi]``, on the device where the sums are held.

    Yields:
        Bands from top to bottom that cover all rows from the first window on; rows between that no
        window covers are left out.
    """
    sums = _Sums(plan, importance)
    for item in windows:
        yield from sums.finish(plan.rows[item.row])
        sums.add(item)
    yield from sums.finish(plan.padded[1])


class _Sums:
    def __init__(self, plan: WindowPlan, importance: torch.Tensor) -> None:
        self._plan, self._importance, self._top = plan, importance, 0
        self._scores: torch.Tensor | None = None
        self._weight = importance.new_zeros(plan.roi_px, plan.padded[0])
        self._bottom = 0  # of the windows so far

    def add(self, item: WindowScores) -> None:
        roi = self._plan.roi_px
        if self._scores is None:
            shape = (item.scores.shape[1], *self._weight.shape)
            self._scores = self._weight.new_zeros(shape)
        for left, scores in zip(item.lefts, item.scores, strict=True):
            part = scores.to(self._scores) * self._importance
            self._scores[:, :, left : left + roi] += part
            self._weight[:, left : left + roi] += self._importance
        self._bottom = self._top + roi

    def finish(self, top: int) -> Iterator[Band]:
        """Give what lies above ``top``, and make room below."""
        done = min(top, self._bottom) - self._top
        if done > 0 and self._scores is not None:
            weight = self._weight[:done]
            is_seen = weight > 0
            scores = self._scores[:, :done] / torch.where(is_seen, weight, 1.0)
            yield Band(self._top, scores, is_seen)
            self._scores = _shifted_up(self._scores, done)
            self._weight = _shifted_up(self._weight, done)
        self._top = top


def _shifted_up(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Rows from ``count`` on, and zeros below them."""
    moved = torch.zeros_like(rows)
    moved[..., : rows.shape[-2] - count, :] = rows[..., count:, :]
    return moved
