"""The list of what a config can name."""

import pytest

from monai_ext.doctor import list_components
from monai_ext.errors import SettingError
from monai_ext.networks import component_stores


def test_every_component_of_every_store_is_listed():
    lines = list_components().splitlines()
    for key, store in component_stores().items():
        assert f"--{key}: {store.name}" in lines
        for name, found in store.components.items():
            assert any(line.split() == [name, *found.description.split()] for line in lines)


def test_one_store_is_listed_alone():
    text = list_components("encoder")
    assert "--encoder: patch encoders" in text
    assert "uni_v1" in text
    assert "abmil" not in text


def test_an_id_that_chooses_nothing_is_said():
    with pytest.raises(SettingError, match=r"list colour.*encoder, text_encoder, model"):
        list_components("colour")
