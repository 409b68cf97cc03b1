"""Experiments are read whole or not at all."""

import pytest

from monai_ext.errors import CohortError, SettingError
from monai_ext.experiments.experiment_folder import experiment_names, read_experiment
from tests.experiments.experiment_files import draws, folds, toy_cohort, write_experiment


@pytest.fixture
def folder(tmp_path):
    cohort = toy_cohort()
    return write_experiment(tmp_path / "one", cohort, draws(cohort, shots=(1, 2), number=2))


def test_everything_is_read(folder):
    found = read_experiment(folder, "name")
    assert (found.name, found.bundle, len(found.parts)) == ("name", "one", 4)
    assert [part.shots for part in found.parts.values()] == [1, 2, 1, 2]
    assert found.baselines is not None
    for name, part in found.parts.items():
        for table in (found.tables[name], found.baselines[name]):
            assert tuple(dict.fromkeys(row.patient for row in table.rows)) == part.test


def test_baseline_of_some_splits_only_is_none(folder):
    (folder / "shots1_draw00/baseline.csv").unlink()
    assert read_experiment(folder, "x").baselines is None


def test_missing_splits_are_named(folder):
    (folder / "shots1_draw01/predictions.csv").unlink()
    with pytest.raises(SettingError, match=r"3 of 4 splits in .*missing: shots1_draw01\."):
        read_experiment(folder, "x")


@pytest.mark.parametrize("name", ["crossval.json", "splits.json"])
def test_other_folders_are_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(SettingError, match=f"has no {name}.*crossval wrote"):
        read_experiment(folder, "x")


@pytest.mark.parametrize("number", ["nan", "inf", "soon", ""])
def test_predictions_that_are_no_numbers_name_file_and_slide(folder, number):
    path = folder / "shots2_draw01/predictions.csv"
    lines = path.read_text().splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join([*cells[:2], number, number, *cells[4:]])
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(
        (SettingError, CohortError), match=r"shots2_draw01.predictions\.csv"
    ) as error:
        read_experiment(folder, "x")
    assert "\n" not in str(error.value)


def test_names_are_the_folders_and_longer_where_they_clash(tmp_path):
    a, b, c = tmp_path / "a/cv", tmp_path / "b/cv", tmp_path / "other"
    assert experiment_names([a, c]) == ["cv", "other"]
    assert experiment_names([a, b]) == ["a/cv", "b/cv"]


def test_the_same_folder_twice_is_refused(tmp_path):
    with pytest.raises(SettingError, match="is given twice"):
        experiment_names([tmp_path, tmp_path / "x/.."])


def test_folds_have_no_shots(tmp_path):
    cohort = toy_cohort()
    found = read_experiment(write_experiment(tmp_path / "f", cohort, folds(cohort)), "f")
    assert {part.shots for part in found.parts.values()} == {None}
