"""The order of splits is a person's, and a folder without any is refused."""

import pytest

from monai_ext.errors import CohortError
from monai_ext.experiments.split_files import split_files


def test_folder_without_splits_says_how_to_make_them(tmp_path):
    (tmp_path / "cohort.csv").touch()
    with pytest.raises(CohortError, match=r"holds no split \(\*\.json\).*monai_ext split"):
        split_files(tmp_path)


def test_splits_come_in_their_natural_order(tmp_path):
    for name in ("fold10", "fold2", "fold1"):
        (tmp_path / f"{name}.json").touch()
    assert [path.stem for path in split_files(tmp_path)] == ["fold1", "fold2", "fold10"]


def test_every_number_of_a_name_counts(tmp_path):
    names = ["2", "shots2_draw3", "shots2_draw20", "shots10_draw1", "split"]
    for name in reversed(names):
        (tmp_path / f"{name}.json").touch()
    assert [path.stem for path in split_files(tmp_path)] == names
