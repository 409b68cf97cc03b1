"""Curves lie where their numbers are."""

import numpy as np
from PIL import Image

from monai_ext.experiments.segmentation_grid import SegmentationCell
from monai_ext.label.active_figure import active_figure
from monai_ext.label.active_report import ActiveCurves

COLOURS = {"uncertainty": (213, 94, 0), "coverage": (0, 114, 178), "random": (0, 0, 0)}


def cell(level):
    spread = np.array([[-0.02, 0.0, 0.02], [-0.02, 0.0, 0.02]])
    return SegmentationCell(level + spread, ("1", "2", "3"), ("a", "b", "c"), (0, 1))


def rows(path, colour):
    """Where a colour's thick lines and dots lie, column by column."""
    page = np.asarray(Image.open(path).convert("RGB")).astype(int)
    is_there = (np.abs(page - colour).sum(2) == 0)[:, : int(0.7 * page.shape[1])]
    columns = np.flatnonzero(is_there.sum(0))
    return {int(x): float(np.flatnonzero(is_there[:, x]).mean()) for x in columns}


def test_a_better_strategy_is_higher_and_curves_rise(tmp_path):
    lines = {
        "uncertainty": (cell(0.5), cell(0.7), cell(0.85)),
        "coverage": (cell(0.5), cell(0.6), cell(0.75)),
        "random": (cell(0.5), cell(0.55), cell(0.6)),
    }
    curves = ActiveCurves((4, 8, 16), lines, (cell(0.88), cell(0.9)))
    active_figure(curves, tmp_path / "active.png")
    found = {one: rows(tmp_path / "active.png", colour) for one, colour in COLOURS.items()}
    assert all(len(columns) > 300 for columns in found.values())
    middle = {one: columns[sorted(columns)[len(columns) // 2]] for one, columns in found.items()}
    assert middle["uncertainty"] < middle["coverage"] < middle["random"]
    for columns in (found["uncertainty"], found["coverage"]):
        places = sorted(columns)
        assert columns[places[-20]] < columns[places[len(places) // 2]] < columns[places[20]]
