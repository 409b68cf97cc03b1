import logging

import pytest

from monai_ext.errors import SettingError
from monai_ext.label.served_classifier import ServedClassifier
from monai_ext.label.served_models import find_served
from monai_ext.label.served_segmenter import ServedSegmenter
from tests.label.label_parts import write_classifier, write_segmenter


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    write_segmenter(folder / "glands")
    write_classifier(folder / "abmil")
    (folder / "empty").mkdir()
    return folder


def test_all_that_can_be_served_are_and_others_are_said(shelf, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        found = find_served(shelf, tmp_path, mpp=0.5)
    assert {name: type(model) for name, model in found.items()} == {
        "abmil": ServedClassifier,
        "glands": ServedSegmenter,
    }
    assert "empty is not served" in caplog.text
    assert found["abmil"].work == tmp_path / "abmil"
    assert found["glands"].mpp == found["abmil"].mpp == 0.5
    assert found["glands"].labels == ["gland"]


def test_only_named_ones(shelf, tmp_path):
    assert list(find_served(shelf, tmp_path, ["glands"])) == ["glands"]


def test_a_name_that_is_not_there_is_said(shelf, tmp_path):
    with pytest.raises(SettingError, match=r"no model other in .*there are abmil, empty, glands"):
        find_served(shelf, tmp_path, ["glands", "other"])


def test_a_named_one_that_is_no_model_ends_the_start(shelf, tmp_path):
    with pytest.raises(SettingError, match=r"has no inference\.json"):
        find_served(shelf, tmp_path, ["empty"])


def test_an_app_without_models_is_refused(tmp_path):
    with pytest.raises(SettingError, match="label_app"):
        find_served(tmp_path, tmp_path)


def test_an_encoder_is_no_model_of_slides(tmp_path):
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "inference.json").write_text('{"encoder": "tiny"}')
    with pytest.raises(SettingError, match="has no classes"):
        find_served(tmp_path, tmp_path, ["encoder"])
