"""A copy without the test part does not look at it."""

import json

import pytest

from monai_ext.data import load_datalist
from monai_ext.data.blind_datalist import write_blind_datalist
from monai_ext.errors import CohortError
from monai_ext.testing.toy_cohort import write_toy_cohort


@pytest.fixture
def split(tmp_path):
    return write_toy_cohort(tmp_path)[0]


def test_copy_has_the_same_files_and_no_test_part(split, tmp_path):
    whole = load_datalist(split)
    blind = write_blind_datalist(split, tmp_path / "deep/er/copy.json")
    assert blind.test == []
    assert (blind.training, blind.validation) == (whole.training, whole.validation)
    assert (blind.class_names, blind.in_channels) == (whole.class_names, whole.in_channels)
    assert blind.other == whole.other


@pytest.mark.parametrize("test", [[{"label": "?"}], "gone", None, [3]])
def test_whatever_the_test_part_is_nothing_of_it_is_looked_at(split, tmp_path, test):
    content = json.loads(split.read_text())
    content["test"] = test
    split.write_text(json.dumps(content))
    assert write_blind_datalist(split, tmp_path / "copy.json").test == []


def test_one_path_instead_of_a_list_is_moved_too(split, tmp_path):
    content = json.loads(split.read_text())
    first = content["training"][0]
    first["image"] = first["image"][0]
    split.write_text(json.dumps(content))
    blind = write_blind_datalist(split, tmp_path / "deep/copy.json")
    assert blind.training[0]["image"] == load_datalist(split).training[0]["image"]


def test_unsound_training_part_is_still_refused(split, tmp_path):
    content = json.loads(split.read_text())
    content["training"][0]["label"] = 9
    split.write_text(json.dumps(content))
    with pytest.raises(CohortError, match="has label 9"):
        write_blind_datalist(split, tmp_path / "copy.json")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"training": []}'])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CohortError, match=r"x\.json cannot be read"):
        write_blind_datalist(tmp_path / "x.json", tmp_path / "copy.json")
