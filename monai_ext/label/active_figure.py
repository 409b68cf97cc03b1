"""Curves of active learning as a picture: mean Dice against annotated squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from monai_ext.atomic import write_atomically
from monai_ext.experiments.bootstrap import Interval
from monai_ext.label.active_report import ActiveCurves

_INK, _PALE, _GROUND, _FULL = (30, 30, 30), (220, 220, 220), (255, 255, 255), (110, 110, 110)
_COLOURS = ((213, 94, 0), (0, 114, 178), (0, 0, 0))
_SCALE, _WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 2, 800, 440, 64, 44, 56, 200
_SHIFT, _DOT, _DASH = 5.0, 4, 8


class _Axes:
    """Where a value lies on the page.

    Args:
        count: rounds, which stand at equal distances as their squares double.
        low: Dice at the foot.
        high: Dice at the top.
    """

    def __init__(self, count: int, low: float, high: float) -> None:
        self.count, self.low, self.high = count, low, high

    def x(self, k: float, shift: float = 0.0) -> float:
        room = _WIDTH - _LEFT - _RIGHT - 40
        return _SCALE * (_LEFT + 20 + k / max(1, self.count - 1) * room + shift)

    def y(self, value: float) -> float:
        share = (self.high - value) / (self.high - self.low)
        return _SCALE * (_TOP + share * (_HEIGHT - _TOP - _BOTTOM))


def active_figure(curves: ActiveCurves, target: Path, share: float = 0.95) -> None:
    """Draw each strategy with 95 % intervals, everything annotated, and the share of it to reach.

    Args:
        curves: of the experiment.
        target: PNG.
        share: of the last mean with everything annotated.
    """
    lines = {one: [cell.interval() for cell in line] for one, line in curves.lines.items()}
    full = [cell.interval() for cell in curves.full]
    goal = share * full[-1].estimate
    found = [each for line in (*lines.values(), full) for each in line]
    low = np.floor(20 * min(goal, *(each.low for each in found))) / 20
    axes = _Axes(len(curves.rounds), low, np.ceil(20 * max(each.high for each in found)) / 20)
    page = Image.new("RGB", (_SCALE * _WIDTH, _SCALE * _HEIGHT), _GROUND)
    pen = ImageDraw.Draw(page)
    _grid(pen, axes, curves.rounds)
    _dashes(pen, axes, goal, f"{share:.0%} of all: {goal:.3f}")
    _line(pen, axes, full, 1, (_FULL, 0.0))
    for k, line in enumerate(lines.values()):
        _line(pen, axes, line, 0, (_COLOURS[k], _SHIFT * (k - (len(lines) - 1) / 2)))
    _key(pen, {**dict(zip(lines, _COLOURS, strict=True)), "all squares, same steps": _FULL})
    with write_atomically(target) as partial:
        page.save(partial, "PNG")


def _grid(pen: ImageDraw.ImageDraw, axes: _Axes, rounds: Sequence[int]) -> None:
    left, right = _SCALE * _LEFT, axes.x(axes.count - 1) + _SCALE * 20
    for tick in np.arange(axes.low, axes.high + 1e-9, 0.05):
        y = axes.y(float(tick))
        pen.line([(left, y), (right, y)], _PALE, _SCALE)
        pen.text((left - 8, y), f"{tick:.2f}", _INK, _font(), anchor="rm")
    for k, count in enumerate(rounds):
        pen.text((axes.x(k), axes.y(axes.low) + 12), str(count), _INK, _font(), anchor="ma")
    middle = (left + right) / 2, _SCALE * (_HEIGHT - 18)
    pen.text(middle, "annotated squares", _INK, _font(), anchor="mm")
    pen.text((left, _SCALE * 14), "mean Dice of test images, 95 % intervals", _INK, _font())


def _line(
    pen: ImageDraw.ImageDraw,
    axes: _Axes,
    points: Sequence[Interval],
    first: int,
    look: tuple[tuple[int, int, int], float],
) -> None:
    colour, shift = look
    dots = [(axes.x(k + first, shift), axes.y(each.estimate)) for k, each in enumerate(points)]
    pen.line(dots, colour, 2 * _SCALE)
    for (x, y), each in zip(dots, points, strict=True):
        pen.line([(x, axes.y(each.low)), (x, axes.y(each.high))], colour, _SCALE)
        pen.ellipse([x - 2 * _DOT, y - 2 * _DOT, x + 2 * _DOT, y + 2 * _DOT], colour)


def _dashes(pen: ImageDraw.ImageDraw, axes: _Axes, value: float, words: str) -> None:
    left, right, y = _SCALE * _LEFT, axes.x(axes.count - 1) + _SCALE * 20, axes.y(value)
    for x in np.arange(left, right, 2 * _SCALE * _DASH):
        pen.line([(x, y), (min(x + _SCALE * _DASH, right), y)], _FULL, _SCALE)
    pen.text((right + 12, y), words, _INK, _font(), anchor="lm")


def _key(pen: ImageDraw.ImageDraw, colours: Mapping[str, tuple[int, int, int]]) -> None:
    for k, (name, colour) in enumerate(colours.items()):
        x, y = _SCALE * (_WIDTH - _RIGHT + 4), _SCALE * (_HEIGHT - _BOTTOM - 80 + 20 * k)
        pen.line([(x, y), (x + _SCALE * 22, y)], colour, 3 * _SCALE)
        pen.text((x + _SCALE * 28, y), name, _INK, _font(), anchor="lm")


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(24)
