"""Every end of a check is an outcome, and the table has all."""

import pytest

from monai_ext.testing.zoo.outcome import NotApplicableError, Outcome, outcome_of, outcome_table


def fails(error):
    def check(bundle, folder):
        raise error

    return check


ENDS = {
    "ok": (lambda bundle, folder: f"{bundle.name} {folder.name}", "ok", "bundle work"),
    "not applicable": (fails(NotApplicableError("no train.json")), "-", "no train.json"),
    "error": (fails(ValueError("first\nlast")), "FAILED", "ValueError: last"),
    "exit": (fails(SystemExit("one line")), "FAILED", "SystemExit: one line"),
    "silent": (fails(KeyError()), "FAILED", "KeyError: "),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_end_of_a_check(end, tmp_path):
    check, state, note = ENDS[end]
    found = outcome_of("name", check, tmp_path / "bundle", tmp_path / "work")
    assert found == Outcome("bundle", "name", state, note)


def test_a_check_can_be_stopped_by_hand(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        outcome_of("name", fails(KeyboardInterrupt()), tmp_path, tmp_path)


def test_table_has_a_row_a_check_and_faults_before_the_rest():
    outcomes = [
        Outcome("a", "one", "ok", "fine"),
        Outcome("a", "two", "FAILED", "broken"),
        Outcome("b", "one", "-", "no file"),
    ]
    lines = outcome_table(outcomes).splitlines()
    assert lines[:4] == ["| check | a | b |", "| --- | --- | --- |", "| one | ok | - |", lines[3]]
    assert lines[3] == "| two | FAILED |  |"
    assert [line for line in lines[4:] if line] == [
        "- a, two: FAILED broken",
        "- b, one: - no file",
        "- a, one: ok fine",
    ]
