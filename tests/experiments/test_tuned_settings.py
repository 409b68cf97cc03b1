"""Tuned settings: nobody who is tested has a say in them."""

import dataclasses
import json

import pytest

from monai_ext.data import load_datalist
from monai_ext.errors import SettingError
from monai_ext.experiments.tuned_settings import TunedSettings, choice_hash, read_settings
from monai_ext.testing.toy_cohort import write_toy_cohort


@pytest.fixture(scope="module")
def datalists(tmp_path_factory):
    return [load_datalist(path) for path in write_toy_cohort(tmp_path_factory.mktemp("cohort"))]


def test_a_split_gets_its_own_and_others_the_best_on_average(datalists):
    found = TunedSettings("b", {"m": 1}, {choice_hash(datalists[0]): {"m": 2}})
    assert [found.of_split(each) for each in datalists] == [{"m": 2}, {"m": 1}, {"m": 1}]


def test_hash_is_of_training_and_validation_and_not_of_test(datalists):
    one = datalists[0]
    assert len({choice_hash(each) for each in datalists}) == 3
    assert choice_hash(dataclasses.replace(one, test=[])) == choice_hash(one)
    assert choice_hash(dataclasses.replace(one, training=one.training[1:])) != choice_hash(one)
    assert choice_hash(dataclasses.replace(one, validation=one.training)) != choice_hash(one)
    other = [{**one.training[0], "label": 1 - one.training[0]["label"]}, *one.training[1:]]
    assert choice_hash(dataclasses.replace(one, training=other)) != choice_hash(one)


def test_settings_of_another_bundle_are_refused():
    found = TunedSettings("b", {})
    assert found.require_bundle("b") is found
    with pytest.raises(SettingError, match="tuned for b, not for c"):
        found.require_bundle("c")


def test_file_is_read_back(tmp_path):
    found = TunedSettings("b", {"m": 1, "x": [1, "a"]}, {"h": {"m": 2}})
    (tmp_path / "best.json").write_text(json.dumps({**found.as_dict(), "score": 0.7}))
    assert read_settings(tmp_path / "best.json") == found


@pytest.mark.parametrize(
    "text", [None, "{", "[]", '{"bundle": "b"}', '{"bundle": "b", "settings": 3}']
)
def test_other_files_are_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "best.json").write_text(text)
    with pytest.raises(SettingError, match=r"settings .*best\.json cannot be read"):
        read_settings(tmp_path / "best.json")
