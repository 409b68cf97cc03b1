"""The script's report: of runs, of kept runs, of none."""

import runpy
from pathlib import Path

import pytest

from tests.experiments.test_segmentation_grid import write_run

SCRIPT = Path(__file__).parents[2] / "scripts/segmentation_experiment.py"


@pytest.fixture(scope="module")
def report():
    return runpy.run_path(str(SCRIPT))["report"]


def write_runs(root, methods, share="010", again=""):
    for method, gain in methods.items():
        for seed in range(2):
            scores = [0.5 + gain, 0.6 + gain, 0.4 + gain, 0.5 + gain]
            write_run(root / f"x_{share}" / method / f"seed{seed}" / again, scores, drawn=True)


def rows(path):
    return [line.strip("| \n").split(" | ") for line in path.read_text().splitlines()[2:]]


def test_report_of_runs_has_table_curves_and_pictures(report, tmp_path):
    write_runs(tmp_path, {"mpamatch": 0.1, "supervised": 0.0, "k3": 0.2})
    write_runs(tmp_path, {"supervised": 0.3}, "020")
    report(str(tmp_path))
    found = rows(tmp_path / "results.md")
    assert [row[:3] for row in found] == [
        ["x_010", "supervised", "2"],
        ["x_010", "mpamatch", "2"],
        ["x_010", "k3", "2"],
        ["x_020", "supervised", "2"],
    ]
    assert [row[4] for row in found[1:3]] == ["+0.100 [+0.100, +0.100]", "+0.200 [+0.200, +0.200]"]
    assert (tmp_path / "curves.png").is_file()
    assert (tmp_path / "pictures.png").is_file()


def test_report_compares_with_any_method(report, tmp_path):
    write_runs(tmp_path, {"mpamatch": 0.1, "supervised": 0.0})
    report(str(tmp_path), baseline="mpamatch")
    assert rows(tmp_path / "results_minus_mpamatch.md")[0][4] == "-0.100 [-0.100, -0.100]"
    with pytest.raises(SystemExit, match="--baseline unimach"):
        report(str(tmp_path), baseline="unimach")


def test_scores_of_turned_copies_are_another_report(report, tmp_path):
    write_runs(tmp_path, {"supervised": 0.2}, again="symmetries_8")
    with pytest.raises(SystemExit, match=r"no run with scores\.csv"):
        report(str(tmp_path))
    report(str(tmp_path), symmetries=8)
    assert rows(tmp_path / "results_symmetries_8.md")[0][3].startswith("0.700 [")


def test_kept_runs_are_reported_without_their_folders(report, tmp_path):
    write_runs(tmp_path / "one", {"supervised": 0.0})
    write_runs(tmp_path / "two", {"fixmatch": 0.1})
    report(str(tmp_path / "one"), kept=str(tmp_path / "kept"))
    report(str(tmp_path / "two"), kept=str(tmp_path / "kept"))
    assert [[row[1], *row[4:5]] for row in rows(tmp_path / "two/results.md")] == [
        ["supervised"],
        ["fixmatch", "+0.100 [+0.100, +0.100]"],
    ]
    report(str(tmp_path / "none"), kept=str(tmp_path / "kept"))
    assert rows(tmp_path / "none/results.md") == rows(tmp_path / "two/results.md")


def test_kept_scores_of_a_method_no_longer_there_come_last(report, tmp_path):
    write_runs(tmp_path / "runs", {"supervised": 0.0, "fixmatch": 0.1, "k3": 0.2})
    report(str(tmp_path / "runs"), kept=str(tmp_path / "kept"))
    (table,) = (tmp_path / "kept").iterdir()
    table.write_text(table.read_text().replace("fixmatch", "a_former_one"))
    report(str(tmp_path / "none"), kept=str(tmp_path / "kept"))
    assert [row[1] for row in rows(tmp_path / "none/results.md")] == [
        "supervised",
        "k3",
        "a_former_one",
    ]
