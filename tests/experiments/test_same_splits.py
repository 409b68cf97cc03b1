"""What keeps experiments from being paired is named, in one line."""

import dataclasses

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.experiment_folder import read_experiment
from monai_ext.experiments.same_splits import require_same_splits
from monai_ext.outputs import PredictionTable
from tests.experiments.experiment_files import draws, toy_cohort, write_experiment


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder, cohort = tmp_path_factory.mktemp("same"), toy_cohort()
    splits = draws(cohort, number=3)
    return [
        read_experiment(write_experiment(folder / name, cohort, splits, seed=k), name)
        for k, name in enumerate("ab")
    ]


def _changed(experiment, **parts):
    name = next(iter(experiment.parts))
    first = dataclasses.replace(experiment.parts[name], **parts)
    return dataclasses.replace(experiment, parts={**experiment.parts, name: first})


def _with_rows(experiment, change, class_names=None):
    name, table = next(iter(experiment.tables.items()))
    new = PredictionTable(class_names or table.class_names, tuple(change(list(table.rows))))
    return dataclasses.replace(experiment, tables={**experiment.tables, name: new})


def _without_a_split(experiment):
    parts = dict(list(experiment.parts.items())[:-1])
    return dataclasses.replace(experiment, parts=parts)


def test_same_splits_pass(pair):
    require_same_splits(pair[0], pair[1:])
    assert pair[0].folder != pair[1].folder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without_a_split, "b differs from a: splits shots2_draw02 only in a"),
        (lambda e: _changed(e, split_hash="x"), "shots2_draw00: training or validation slides"),
        (
            lambda e: _changed(e, test=()),
            r"test patients p\d\d, p\d\d, p\d\d and 11 more only in a",
        ),
        (lambda e: _changed(e, training=("q",)), r"training patients .* only in a and q only in b"),
        (lambda e: _changed(e, validation=("q",)), "validation patients q only in b"),
        (lambda e: _with_rows(e, lambda rows: rows[1:]), r"test slides p\d\d_0 only in a\."),
        (
            lambda e: _with_rows(e, lambda r: [dataclasses.replace(r[0], label="pos"), *r[1:]]),
            r"shots2_draw00: labels of test slides p\d\d_0\.",
        ),
        (lambda e: _with_rows(e, list, ("pos", "neg")), "classes neg, pos and pos, neg"),
    ],
)
def test_what_differs_is_named_in_one_line(pair, change, message):
    with pytest.raises(SettingError, match=message) as error:
        require_same_splits(pair[0], [pair[0], change(pair[1])])
    assert "\n" not in str(error.value)


def test_one_split_is_refused(pair):
    one = dataclasses.replace(pair[0], parts=dict(list(pair[0].parts.items())[:1]))
    with pytest.raises(SettingError, match=r"a has 1 split.*2 splits or more"):
        require_same_splits(one, [one])
