"""Trials: seeded, different from each other, the grid where it is smaller."""

import json
import math

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.search_space import Range, read_space

TEXT = "learning_rate=1e-4,3e-4;dropout=0,.25;model=abmil,clam;use_ot=True,False"


def test_words_are_read_as_what_they_are():
    assert read_space(TEXT).as_dict() == {
        "learning_rate": [1e-4, 3e-4],
        "dropout": [0, 0.25],
        "model": ["abmil", "clam"],
        "use_ot": [True, False],
    }


def test_small_grid_is_tried_whole():
    trials = read_space("a=1,2;b=x,y,z").trials(6, seed=0)
    assert len(trials) == 6
    assert [(t["a"], t["b"]) for t in trials] == [(a, b) for a in (1, 2) for b in "xyz"]


def test_large_grid_is_drawn_without_repeats_and_by_the_seed():
    space = read_space(TEXT)
    assert space.size == 16
    one, same, other = (space.trials(12, seed) for seed in (1, 1, 2))
    assert one == same != other
    assert len({tuple(t.items()) for t in one}) == 12
    assert [list(t) for t in one] == [["learning_rate", "dropout", "model", "use_ot"]] * 12


def test_ranges_are_drawn_within_their_ends(tmp_path):
    path = tmp_path / "space.json"
    path.write_text(
        json.dumps(
            {
                "lr": {"low": 1e-5, "high": 1e-2, "log": True},
                "d": {"low": 0, "high": 2},
                "m": [1, 2],
            }
        )
    )
    space = read_space(str(path))
    assert space.values["lr"] == Range(1e-5, 1e-2, is_log=True)
    trials = space.trials(200, seed=0)
    rates = [math.log10(t["lr"]) for t in trials]
    assert min(rates) >= -5
    assert max(rates) <= -2
    assert abs(sum(rates) / 200 + 3.5) < 0.25
    assert abs(sum(t["d"] for t in trials) / 200 - 1) < 0.15
    assert {t["m"] for t in trials} == {1, 2}
    assert trials == space.trials(200, seed=0)


def test_narrow_range_gives_each_of_its_numbers_once(tmp_path):
    path = tmp_path / "space.json"
    path.write_text(json.dumps({"lr": {"low": 1.0, "high": 1.002}}))
    trials = read_space(str(path)).trials(10, seed=0)
    assert sorted(t["lr"] for t in trials) == [1.0, 1.001, 1.002]


@pytest.mark.parametrize("text", ["", "a", "a=", "=1", "a=1;a=2", "absent.json", "a=1;;b"])
def test_words_that_are_no_space_are_refused(text):
    with pytest.raises(SettingError, match="a space is id=choice"):
        read_space(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": []}, "a has no choices"),
        ({"a": 3}, "a has no choices"),
        ({"a": {"low": 2, "high": 1}}, "a has the range 2.0 to 1.0"),
        ({"a": {"low": 0, "high": 1, "log": True}}, "a has the range 0.0 to 1.0"),
        ({"a": {"low": 0}}, "high"),
        ([1], "no attribute"),
        ({}, "nothing to choose"),
    ],
)
def test_files_that_are_no_space_are_refused(tmp_path, content, message):
    path = tmp_path / "space.json"
    path.write_text(json.dumps(content))
    with pytest.raises(SettingError, match=message):
        read_space(str(path))
