"""One picture of a comparison: means with intervals, and differences to the reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from monai_ext.atomic import write_atomically
from monai_ext.experiments.comparison import METRICS, Row
from monai_ext.experiments.comparison_tables import Comparison

_INK, _PALE, _GROUND, _RUN = (30, 30, 30), (205, 205, 205), (255, 255, 255), (150, 170, 200)
_BLUE, _GREY = (20, 80, 160), (110, 110, 110)
_SCALE = 2  # drawn at twice the size, for screens with fine dots
_ROW_PX, _FONT_PX, _PANEL_PX, _EDGE_PX, _TOP_PX, _FOOT_PX = 40, 14, 400, 24, 84, 96


@dataclass(frozen=True)
class _Line:
    name: str
    estimate: float
    low: float
    high: float
    runs: tuple[float, ...]
    colour: tuple[int, int, int]
    gap: Row | None


def draw_comparison(found: Comparison, target: Path) -> None:
    """Draw the primary metric of every method.

    Left, a dot and bar is an AUC with its 95 % interval, pale dots are the splits, and the grey
    row is where 95 % of label permutations fall. Right, the paired difference to the reference
    with its interval; filled where it stays apart from 0 after Holm's correction.

    Args:
        found: the comparison.
        target: PNG to write.
    """
    lines = _lines(found)
    names_px = int(max(_width(line.name) for line in lines)) + 2 * _EDGE_PX
    size = (names_px + 2 * _PANEL_PX + 3 * _EDGE_PX, _TOP_PX + len(lines) * _ROW_PX + _FOOT_PX)
    page = Image.new("RGB", (_SCALE * size[0], _SCALE * size[1]), _GROUND)
    pen = _Pen(ImageDraw.Draw(page))
    left, right = names_px, names_px + _PANEL_PX + 2 * _EDGE_PX
    bottom = _TOP_PX + len(lines) * _ROW_PX
    pen.text((_EDGE_PX, 14), _title(found), size=_FONT_PX + 2)
    of = "mean of draws" if found.is_draws else "pooled folds"
    pen.text((left + _PANEL_PX / 2, _TOP_PX - 30), f"AUC: {of}, 95 % interval, each split", "ma")
    pen.text((right + _PANEL_PX / 2, _TOP_PX - 30), "Paired difference to the reference", "ma")
    _means(pen, lines, _Axis(left, *_limits(_mean_values(lines), (0, 1))), bottom)
    _differences(pen, lines, _Axis(right, *_limits(_gap_values(lines), None)), bottom)
    for k, line in enumerate(lines):
        pen.text((_EDGE_PX, _middle(k)), line.name, anchor="lm")
    for k, words in enumerate(_key(found)):
        pen.text((_EDGE_PX, bottom + 44 + 20 * k), words, colour=_GREY, size=_FONT_PX - 1)
    with write_atomically(target) as path:
        page.save(path, format="PNG", optimize=True)


@dataclass(frozen=True)
class _Axis:
    """Where a number lies."""

    left: int
    low: float
    high: float
    step: float

    def x(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return self.left + (inside - self.low) / (self.high - self.low) * _PANEL_PX

    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + k * self.step for k in range(count + 1)]


class _Pen:
    """Draws in units of unscaled pixels."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self.draw = draw

    def text(
        self,
        place: tuple[float, float],
        words: str,
        anchor: str = "la",
        *,
        colour: tuple[int, int, int] = _INK,
        size: int = _FONT_PX,
    ) -> None:
        font = ImageFont.load_default(_SCALE * size)
        self.draw.text(_scaled(place), words, fill=colour, font=font, anchor=anchor)

    def line(self, start: tuple, end: tuple, colour: tuple[int, int, int], width: int = 1) -> None:
        self.draw.line([_scaled(start), _scaled(end)], fill=colour, width=_SCALE * width)

    def box(self, start: tuple, end: tuple, colour: tuple[int, int, int]) -> None:
        self.draw.rectangle([_scaled(start), _scaled(end)], fill=colour)

    def dot(self, place: tuple, radius: int, colour: tuple, *, is_filled: bool = True) -> None:
        x, y = place
        box = [_scaled((x - radius, y - radius)), _scaled((x + radius, y + radius))]
        self.draw.ellipse(box, fill=colour if is_filled else _GROUND, outline=colour, width=4)


def _scaled(place: tuple[float, float]) -> tuple[float, float]:
    return place[0] * _SCALE, place[1] * _SCALE


def _lines(found: Comparison) -> list[_Line]:
    lines: list[_Line] = []
    for shots in found.shots:
        label = "" if shots is None else f", {shots} shot{'s' if shots > 1 else ''}"
        lines += [
            _line(row, row.method + label, _BLUE, gap=row)
            for row in found.rows
            if row.metric == METRICS[0] and row.shots == shots
        ]
        of = found.chance[shots][METRICS[0]]
        lines.append(_Line(f"labels permuted{label}", of.mean, of.low, of.high, (), _GREY, None))
    for row in found.shuffled:
        if row.metric == METRICS[0]:
            label = "" if row.shots is None else f", {row.shots} shots"
            lines.append(_line(row, row.method + label, _GREY, gap=None))
    return lines


def _line(row: Row, name: str, colour: tuple[int, int, int], gap: Row | None) -> _Line:
    return _Line(name, row.estimate, *row.interval, row.scores, colour, gap)


def _means(pen: _Pen, lines: Sequence[_Line], axis: _Axis, bottom: int) -> None:
    _frame(pen, axis, bottom, lambda v: f"{v:.2f}")
    for k, line in enumerate(lines):
        y = _middle(k)
        for score in line.runs:
            pen.dot((axis.x(score), y + 11), 2, _RUN)
        pen.line((axis.x(line.low), y), (axis.x(line.high), y), line.colour, 3)
        pen.dot((axis.x(line.estimate), y), 5, line.colour)


def _differences(pen: _Pen, lines: Sequence[_Line], axis: _Axis, bottom: int) -> None:
    _frame(pen, axis, bottom, lambda v: f"{v:+.2f}" if abs(v) > 1e-9 else "0")
    pen.line((axis.x(0), _TOP_PX), (axis.x(0), bottom), _INK, 1)
    for k, line in enumerate(lines):
        y, difference = _middle(k), line.gap.difference if line.gap else None
        if line.gap is not None and difference is None:
            pen.text((axis.x(0) + 8, y), "reference", anchor="lm", colour=_GREY)
        if difference is None or math.isnan(difference.mean):
            continue
        verdict = difference.verdict
        p_holm = line.gap.p_holm if line.gap else None
        if verdict is not None:
            pen.line((axis.x(verdict.low), y), (axis.x(verdict.high), y), line.colour, 3)
        is_filled = p_holm is not None and p_holm < 0.05
        pen.dot((axis.x(difference.mean), y), 5, line.colour, is_filled=is_filled)


def _frame(pen: _Pen, axis: _Axis, bottom: int, show: Callable[[float], str]) -> None:
    for tick in axis.ticks():
        pen.line((axis.x(tick), _TOP_PX), (axis.x(tick), bottom), _PALE)
        pen.text((axis.x(tick), bottom + 6), show(tick), anchor="ma", size=_FONT_PX - 1)
    pen.line((axis.left, bottom), (axis.left + _PANEL_PX, bottom), _INK)


def _mean_values(lines: Sequence[_Line]) -> list[float]:
    return [v for line in lines for v in (line.low, line.high, line.estimate, *line.runs)]


def _gap_values(lines: Sequence[_Line]) -> list[float]:
    found = [0.0]
    for line in lines:
        difference = line.gap.difference if line.gap else None
        if difference is not None:
            verdict = difference.verdict
            found += [difference.mean, *((verdict.low, verdict.high) if verdict else ())]
    return found


def _limits(
    values: Sequence[float], bounds: tuple[float, float] | None
) -> tuple[float, float, float]:
    """Ends that are whole steps, and the step: 1, 2 or 5 times a power of ten."""
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    spread = max(high - low, 0.02)
    power = 10 ** math.floor(math.log10(spread / 4))
    step = next(k * power for k in (1, 2, 5, 10) if spread / (k * power) <= 6)
    ends = math.floor(low / step) * step, math.ceil(high / step) * step
    if ends[0] == ends[1]:
        ends = ends[0] - step, ends[1] + step
    if bounds is not None:
        ends = max(bounds[0], ends[0]), min(bounds[1], ends[1])
    return ends[0], ends[1], step


def _middle(k: int) -> float:
    return _TOP_PX + (k + 0.5) * _ROW_PX


def _width(words: str) -> float:
    return ImageFont.load_default(_FONT_PX).getlength(words)


def _title(found: Comparison) -> str:
    return (
        f"{len(found.parts)} splits, {found.counts[0]} patients, {found.counts[1]} test slides; "
        f"reference: {found.reference}"
    )


def _key(found: Comparison) -> list[str]:
    rows = [row for row in found.rows if row.metric == METRICS[0]]
    kinds = dict.fromkeys("patient jackknife" if r.jackknife else "patient bootstrap" for r in rows)
    tests = dict.fromkeys(r.difference.procedure for r in rows if r.difference)
    of_differences = " and ".join(filter(None, tests)) or "none, too few splits"
    intervals = f"Intervals: {' and '.join(kinds)}; of differences: {of_differences}."
    return [
        f"{intervals} Filled: p < 0.05 after Holm's correction.",
        "Labels permuted: where 95 % of permutations of the labels over patients fall.",
    ]
