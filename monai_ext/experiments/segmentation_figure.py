"""Pictures of many segmentation runs: scores against labelled images, and outlines side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from monai_ext.atomic import write_atomically
from monai_ext.errors import CohortError
from monai_ext.experiments.segmentation_grid import SegmentationCell

_INK, _PALE, _GROUND = (30, 30, 30), (220, 220, 220), (255, 255, 255)
_COLOURS = ((0, 0, 0), (230, 159, 0), (0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
_SCALE, _WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _KEY = 2, 560, 420, 70, 50, 60, 150
_CELL, _EDGE, _FONT, _HEAD = 220, 6, 14, 24


def curve_figure(
    cells: Mapping[tuple[str, str], SegmentationCell], target: Path, column: str = "mdice"
) -> None:
    """Mean and interval of each method against the share of labelled images, a panel a split.

    A split with one share is left out; a method with one share is a dot.

    Args:
        cells: by datalist (``official_010``: 10 % labelled) and method.
        target: PNG to write.
        column: what is drawn, for the title.
    """
    splits: dict[str, dict[str, list[tuple[float, SegmentationCell]]]] = {}
    for (data, method), cell in cells.items():
        split, _, percent = data.rpartition("_")
        if re.fullmatch(r"\d+", percent):
            lines = splits.setdefault(split, {}).setdefault(method, [])
            lines.append((float(percent), cell))
    full = {s: lines for s, lines in splits.items() if max(map(len, lines.values())) > 1}
    if not full:
        return
    page = Image.new("RGB", (_SCALE * (_WIDTH * len(full) + _KEY), _SCALE * _HEIGHT), _GROUND)
    for k, (split, lines) in enumerate(sorted(full.items())):
        _panel(page, _WIDTH * k, f"{split} split: {column}, 95 % interval", lines)
    _save(page, target)


def picture_grid(
    folders: Mapping[tuple[str, str], Path], target: Path, *, data: str | None = None, rows: int = 6
) -> None:
    """Overlays (truth and prediction) of the same images by each method of one datalist.

    Args:
        folders: run of each datalist and method.
        target: PNG to write.
        data: datalist; None: the one with the most methods.
        rows: images, spread over all by name.

    Raises:
        CohortError: if the runs share no drawn image.
    """
    counts = [name for name, _ in folders]
    data = data or max(sorted(set(counts)), key=counts.count)
    runs = {method: run for (name, method), run in folders.items() if name == data}
    drawn = [{path.name for path in (run / "overlays").glob("*.png")} for run in runs.values()]
    names = sorted(set.intersection(*drawn))
    if not names:
        raise CohortError(f"runs on {data} share no overlay", "runs are drawn", "evaluate them")
    chosen = [names[k] for k in np.linspace(0, len(names) - 1, min(rows, len(names))).astype(int)]
    cells = [[_cell(run / "overlays" / name) for run in runs.values()] for name in chosen]
    heights = [max(cell.height for cell in row) + _EDGE for row in cells]
    size = ((_CELL + _EDGE) * len(runs) + _EDGE, sum(heights) + _EDGE + _HEAD)
    page = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(page)
    for column, method in enumerate(runs):
        x = _EDGE + column * (_CELL + _EDGE)
        pen.text((x, 6), f"{method}, {data}" if column == 0 else method, _INK, _font(1))
        for row, line in enumerate(cells):
            page.paste(line[column], (x, _HEAD + _EDGE + sum(heights[:row])))
    _save(page, target)


def _cell(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        cell = picture.convert("RGB")
    cell.thumbnail((_CELL, _CELL))
    return cell


def _panel(
    page: Image.Image,
    left: int,
    title: str,
    lines: Mapping[str, list[tuple[float, SegmentationCell]]],
) -> None:
    pen = ImageDraw.Draw(page)
    found = {
        method: [(x, cell.interval()) for x, cell in sorted(points, key=lambda p: p[0])]
        for method, points in lines.items()
    }
    shares = sorted({x for points in found.values() for x, _ in points})
    lows = [i.low for points in found.values() for _, i in points]
    highs = [i.high for points in found.values() for _, i in points]
    low, high = np.floor(20 * min(lows)) / 20, np.ceil(20 * max(highs)) / 20
    span = _WIDTH - _LEFT - 40

    def place(x: float, y: float, shift: float = 0.0) -> tuple[float, float]:
        across = shares.index(x) / max(1, len(shares) - 1)
        down = (high - y) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return _SCALE * (left + _LEFT + 10 + across * (span - 20) + shift), _SCALE * (_TOP + down)

    for tick in np.arange(low, high + 1e-9, 0.05):
        y = place(shares[0], float(tick))[1]
        ends = [(_SCALE * (left + _LEFT), y), (_SCALE * (left + _LEFT + span), y)]
        pen.line(ends, _PALE, _SCALE)
        pen.text((ends[0][0] - 8, y), f"{tick:.2f}", _INK, _font(), anchor="rm")
    for x in shares:
        at = place(x, float(low))
        pen.text((at[0], at[1] + 10), f"{x:g} %", _INK, _font(), anchor="ma")
    words = (_SCALE * (left + _LEFT + span / 2), _SCALE * (_HEIGHT - 22))
    pen.text(words, "labelled images of the training part", _INK, _font(), anchor="mm")
    pen.text((_SCALE * (left + _LEFT), _SCALE * 16), title, _INK, _font())
    for k, (method, points) in enumerate(found.items()):
        colour, shift = _COLOURS[k % len(_COLOURS)], 5.0 * (k - (len(found) - 1) / 2)
        dots = [place(x, i.estimate, shift) for x, i in points]
        pen.line(dots, colour, 2 * _SCALE)
        for (x, i), dot in zip(points, dots, strict=True):
            pen.line([place(x, i.low, shift), place(x, i.high, shift)], colour, _SCALE)
            pen.ellipse([dot[0] - 6, dot[1] - 6, dot[0] + 6, dot[1] + 6], colour)
        if left + _WIDTH + _KEY == page.width // _SCALE:
            y = _SCALE * (_TOP + 24 * k)
            pen.line(
                [(_SCALE * (left + _WIDTH - 10), y), (_SCALE * (left + _WIDTH + 14), y)], colour, 6
            )
            pen.text((_SCALE * (left + _WIDTH + 20), y), method, _INK, _font(), anchor="lm")


def _font(scale: int = _SCALE) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_FONT * scale * 0.9)


def _save(page: Image.Image, target: Path) -> None:
    with write_atomically(target) as partial:
        page.save(partial, "PNG")
