"""Rounds run once, in order; a folder holds one experiment."""

import shutil
from dataclasses import replace

import pytest

from monai_ext.data.csv_table import read_table
from monai_ext.errors import SettingError
from monai_ext.label import active_grid
from monai_ext.label.active_grid import read_grid, run_grid, write_rounds
from monai_ext.label.active_settings import ALL, START, ActiveCell, active_cells
from monai_ext.label.next_square import STRATEGIES
from tests.label.active_parts import SETTINGS, pretend_round, score_of, write_task


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return write_task(tmp_path_factory.mktemp("images"))


@pytest.fixture
def ran(monkeypatch):
    """Names of the rounds that ran."""
    found = []

    def run(*given):
        found.append(given[2].name)
        pretend_round(*given)

    monkeypatch.setattr(active_grid, "run_round", run)
    return found


def test_rounds_run_seed_by_seed_and_once(task, tmp_path, ran):
    cells = list(run_grid(task, SETTINGS, [3, 1], tmp_path))
    assert cells == [*active_cells(SETTINGS, 3), *active_cells(SETTINGS, 1)]
    assert ran == [cell.name for cell in cells]
    assert len(list(run_grid(task, SETTINGS, [3, 1, 2], tmp_path))) == 15
    assert ran[10:] == [cell.name for cell in active_cells(SETTINGS, 2)]


def test_a_round_that_was_interrupted_starts_over_and_the_others_stay(task, tmp_path, ran):
    list(run_grid(task, SETTINGS, [0], tmp_path))
    folder = tmp_path / "seed0/random/round1"
    folder.rename(folder.with_name(".round1"))
    (folder.with_name(".round1") / "left").touch()
    list(run_grid(task, SETTINGS, [0], tmp_path))
    assert ran[5:] == ["seed0/random/round1"]
    assert sorted(path.name for path in folder.iterdir()) == ["facts.json", "scores.csv"]
    assert not folder.with_name(".round1").exists()


def test_a_fault_leaves_no_finished_round(task, tmp_path, monkeypatch):
    def broken(_task, _settings, _cell, folder, _before):
        folder.mkdir(parents=True)
        raise RuntimeError("power cut")

    monkeypatch.setattr(active_grid, "run_round", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        list(run_grid(task, SETTINGS, [0], tmp_path))
    assert not list(tmp_path.glob("seed*/*/round*"))


@pytest.mark.parametrize(("name", "value"), [("steps", 3), ("rounds", (2, 5)), ("limit", 7)])
def test_other_settings_are_refused(task, tmp_path, ran, name, value):
    list(run_grid(task, SETTINGS, [0], tmp_path))
    with pytest.raises(SettingError, match=f"other {name}"):
        list(run_grid(task, replace(SETTINGS, **{name: value}), [0], tmp_path))
    with pytest.raises(SettingError, match="other images"):
        list(run_grid(replace(task, split_hash="another"), SETTINGS, [0], tmp_path))


def test_another_process_may_not_run_the_same_seed(task, tmp_path, ran):
    list(run_grid(task, SETTINGS, [0], tmp_path))
    with active_grid.claim(tmp_path, "seed0"):
        with pytest.raises(SettingError, match="another process runs seed 0"):
            list(run_grid(task, SETTINGS, [0], tmp_path))
        assert len(list(run_grid(task, SETTINGS, [1], tmp_path))) == 5


def test_scores_are_read_by_squares_and_strategy(task, tmp_path, ran):
    list(run_grid(task, SETTINGS, [0, 1], tmp_path))
    shutil.rmtree(tmp_path / "seed1/random/round1")
    cells = read_grid(tmp_path)
    lines = {("squares_004", one) for one in (*STRATEGIES, ALL)}
    assert cells.keys() == lines | {("squares_002", START)}
    assert cells["squares_004", "random"].seeds == (0,)
    found = cells["squares_004", "coverage"]
    assert (found.seeds, found.images) == ((0, 1), ("a", "b"))
    base = score_of(ActiveCell(1, "coverage", 1))
    assert found.scores[1].tolist() == pytest.approx([base, base + 0.02])


def test_rows_of_rounds_have_their_means_and_facts(task, tmp_path, ran):
    list(run_grid(task, SETTINGS, [0], tmp_path))
    write_rounds(tmp_path, tmp_path / "rows.csv")
    columns = ["seed", "strategy", "round", "mdice", "squares", "pixels"]
    rows = {row["strategy"]: row for row in read_table(tmp_path / "rows.csv", columns)}
    assert rows.keys() == {START, ALL, *STRATEGIES}
    mean = score_of(ActiveCell(0, "random", 1)) + 0.01
    wanted = {"seed": "0", "round": "1", "mdice": f"{mean:.4f}", "squares": "4", "pixels": "1000"}
    assert rows["random"] == wanted | {"strategy": "random"}


def test_a_folder_without_experiment_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"has no active\.json"):
        read_grid(tmp_path)
