"""The last line of an error names its cause, however many wrappers stand around it."""

import sys

import pytest

from monai_ext.engines import show_cause_last
from monai_ext.engines.cause_last import root_cause


@pytest.fixture(autouse=True)
def hook(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)


def wrapped():
    try:
        try:
            raise ValueError("norm=layer")
        except ValueError as error:
            raise TypeError("of the network") from error
    except TypeError as error:
        outer = RuntimeError("Failed to instantiate component")
        outer.__cause__ = error
        return outer


def last_line(error, capsys):
    sys.excepthook(type(error), error, error.__traceback__)
    return capsys.readouterr().err.splitlines()[-1]


def test_cause_is_the_last_line_and_the_traceback_stays(capsys):
    show_cause_last()
    error = wrapped()
    sys.excepthook(type(error), error, None)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "Cause: ValueError: norm=layer"
    assert any("Failed to instantiate component" in line for line in lines[:-1])


def test_error_without_a_cause_is_shown_as_ever(capsys):
    show_cause_last()
    assert last_line(KeyError("missing"), capsys) == "KeyError: 'missing'"


def test_asked_twice_it_is_said_once(capsys):
    show_cause_last()
    show_cause_last()
    error = wrapped()
    sys.excepthook(type(error), error, None)
    assert capsys.readouterr().err.count("Cause:") == 1


def test_a_hook_that_was_there_still_runs(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "excepthook", lambda *given: seen.append(given[1]))
    show_cause_last()
    error = wrapped()
    sys.excepthook(type(error), error, None)
    assert seen == [error]


def test_a_ring_of_causes_ends():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert root_cause(one) is two
