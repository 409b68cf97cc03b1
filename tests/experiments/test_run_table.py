"""Runs survive an interruption; half a line does not count."""

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.run_table import RunTable


@pytest.fixture
def table(tmp_path):
    runs = RunTable(tmp_path / "new" / "runs.csv", ["task", "seed"], ["auc", "seconds"])
    runs.add(["a", 0], {"auc": 0.5, "seconds": 1.0})
    runs.add(["a", 10], {"auc": float("nan"), "seconds": 2.25})
    return runs


def again(table):
    return RunTable(table.path, table.keys, table.values)


def test_runs_are_there_after_a_restart(table):
    reopened = again(table)
    assert reopened.has(["a", 0])
    assert reopened.has(["a", 10])
    assert not reopened.has(["a", 1])
    assert reopened.column("seconds") == {("a", "0"): 1.0, ("a", "10"): 2.25}


@pytest.mark.parametrize("cut", [1, 4, 7, 12])
def test_broken_last_line_is_done_again(table, cut):
    text = table.path.read_bytes()
    table.path.write_bytes(text[: -2 - cut])
    reopened = again(table)
    assert not reopened.has(["a", 10])
    reopened.add(["a", 10], {"auc": float("nan"), "seconds": 2.25})
    assert table.path.read_bytes() == text


def test_other_columns_are_refused(table):
    with pytest.raises(SettingError, match=r"has the columns task, seed, auc, seconds, end"):
        RunTable(table.path, ["task"], ["auc"])
