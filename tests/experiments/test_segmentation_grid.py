"""Cells of runs that are there, paired differences, a table and its pictures."""

import csv

import numpy as np
import pytest
from PIL import Image

from monai_ext.errors import CohortError
from monai_ext.experiments.segmentation_figure import curve_figure, picture_grid
from monai_ext.experiments.segmentation_grid import SegmentationCell, grid_table, read_cell

IMAGES = ["i1", "i2", "i3", "i4"]


def write_run(folder, scores, images=IMAGES, *, drawn=False):
    folder.mkdir(parents=True)
    with (folder / "scores.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["slide", "patient", "mdice"])
        writer.writerows(
            [i, f"p{k // 2}", s] for k, (i, s) in enumerate(zip(images, scores, strict=True))
        )
    if drawn:
        (folder / "overlays").mkdir()
        for k, name in enumerate(images):
            Image.new("RGB", (40, 30), (60 * k, 0, 90)).save(folder / "overlays" / f"{name}.png")
    return folder


@pytest.fixture
def cells(tmp_path, np_rng):
    found = {}
    for share in (10, 20):
        for method, gain in (("supervised", 0.0), ("mpamatch", 0.1)):
            runs = {
                s: write_run(
                    tmp_path / f"x_0{share}" / method / f"seed{s}",
                    0.5 + gain + 0.01 * np.arange(4) + 0.001 * s,
                )
                for s in range(3)
            }
            found[f"x_0{share}", method] = read_cell(runs)
    return found


def test_a_cell_holds_the_runs_that_are_scored(tmp_path):
    one = write_run(tmp_path / "a/seed0", [0.1, 0.2, 0.3, 0.4])
    cell = read_cell({0: one, 1: tmp_path / "a/seed1"})
    np.testing.assert_allclose(cell.scores, [[0.1, 0.2, 0.3, 0.4]])
    assert cell.patients == ("p0", "p0", "p1", "p1")
    assert cell.images == tuple(IMAGES)
    assert read_cell({0: tmp_path / "none"}) is None
    other = write_run(tmp_path / "a/seed2", [0.1], ["i9"])
    with pytest.raises(CohortError, match="different images"):
        read_cell({0: one, 2: other})


def test_differences_are_paired(cells):
    gap = cells["x_010", "mpamatch"].minus(cells["x_010", "supervised"])
    assert (gap.low, gap.estimate, gap.high) == pytest.approx((0.1, 0.1, 0.1))
    full, other = cells["x_010", "mpamatch"], cells["x_010", "supervised"]
    odd = SegmentationCell(full.scores[[0, 2]], full.patients, full.images, (0, 2))
    gap = odd.minus(other)
    assert (gap.low, gap.estimate, gap.high) == pytest.approx((0.1, 0.1, 0.1))
    alone = SegmentationCell(full.scores[:1], full.patients, full.images, (7,))
    with pytest.raises(CohortError, match="a pair has one seed"):
        alone.minus(other)


def test_the_table_compares_with_the_reference(cells):
    rows = grid_table(cells, "supervised")
    assert rows[0][:3] == ["x_010", "supervised", "3"]
    assert rows[0][4:] == ["", ""]
    assert rows[1][4] == "+0.100 [+0.100, +0.100]"
    assert rows[1][5] == "+0.100 [+0.100, +0.100]"
    assert rows[0][3].startswith("0.516 [")


def test_pictures_are_drawn(cells, tmp_path):
    curve_figure(cells, tmp_path / "curves.png")
    colours = {c for _, c in Image.open(tmp_path / "curves.png").getcolors(1 << 20)}
    assert {(0, 0, 0), (230, 159, 0)} <= colours
    assert (0, 114, 178) not in colours
    one_share = cells | {("x_010", "fixmatch"): cells["x_010", "mpamatch"]}
    curve_figure(one_share, tmp_path / "dot.png")
    colours = {c for _, c in Image.open(tmp_path / "dot.png").getcolors(1 << 20)}
    assert {(0, 0, 0), (230, 159, 0), (0, 114, 178)} <= colours
    runs = {("x", m): write_run(tmp_path / "d" / m, [0.5] * 4, drawn=True) for m in ("a", "b")}
    picture_grid(runs, tmp_path / "grid.png", rows=2)
    page = Image.open(tmp_path / "grid.png")
    assert page.getpixel((20, 40)) == (0, 0, 90)
    assert page.getpixel((20 + 226, 40 + 36)) == (180, 0, 90)
    runs["x", "c"] = write_run(tmp_path / "d" / "c", [0.5], ["i9"], drawn=True)
    with pytest.raises(CohortError, match="share no overlay"):
        picture_grid(runs, tmp_path / "none.png")


def test_one_share_makes_no_curve(cells, tmp_path):
    curve_figure({k: v for k, v in cells.items() if k[0] == "x_010"}, tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()
