"""A report is of its scores, and can be made again of what is kept."""

import shutil
from pathlib import Path

import pytest

from monai_ext.errors import CohortError, SettingError
from monai_ext.label import active_grid
from monai_ext.label.active_files import write_report
from monai_ext.label.active_grid import run_grid
from monai_ext.label.active_settings import ActiveCell
from tests.label.active_parts import SETTINGS, pretend_round, score_of, write_task

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def output(tmp_path, monkeypatch):
    monkeypatch.setattr(active_grid, "run_round", pretend_round)
    folder = tmp_path / "active"
    (tmp_path / "images").mkdir()
    list(run_grid(write_task(tmp_path / "images"), SETTINGS, [0], folder))
    return folder


def test_tables_have_the_scores(output):
    text = write_report(output, None).read_text()
    mean = {one: score_of(ActiveCell(0, one, 1)) + 0.01 for one in ("random", "coverage")}
    assert f"| 4 | {mean['random']:.3f} [" in text
    assert f"{mean['coverage'] - mean['random']:+.3f} [" in text
    assert {"active.md", "active.csv", "active.png"} <= {path.name for path in output.iterdir()}


def test_a_report_of_what_is_kept_is_the_same(output, tmp_path):
    kept = tmp_path / "kept"
    first = write_report(output, kept).read_text()
    picture, rows = (kept / "active.png").read_bytes(), (kept / "active.csv").read_text()
    (kept / "active.md").unlink()
    (kept / "active.png").unlink()
    assert write_report(None, kept).read_text() == first
    assert (kept / "active.png").read_bytes() == picture
    assert (kept / "active.csv").read_text() == rows


def test_a_report_needs_scores(tmp_path):
    with pytest.raises(SettingError, match="neither output nor kept"):
        write_report(None, None)
    with pytest.raises(CohortError, match="no seed has all"):
        write_report(None, tmp_path)


def test_the_page_quotes_what_the_kept_scores_give(tmp_path):
    shutil.copyfile(DOCS / "glas/squares_active.csv", tmp_path / "squares_active.csv")
    lines = write_report(None, tmp_path).read_text().splitlines()
    page = (DOCS / "label.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 13
    assert [line for line in lines if line not in page] == []
