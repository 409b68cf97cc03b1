"""A bundle's ids tell what it can be tried on; all bundles are tried in ``test_verify``."""

import pytest

from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.testing.zoo.files import read_json
from monai_ext.testing.zoo.outcome import NotApplicableError
from monai_ext.testing.zoo.toy_inputs import toy_values

KINDS = {
    "pathology_libra_mil_classification": ("cohort.csv", "features"),
    "pathology_mpamatch_segmentation": ("images/datalist.json", "images/images"),
    "pathology_tile_feature_extraction": ("slides/toy.tif", "slides"),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_a_bundle_needs_is_there(name, tmp_path):
    config = find_bundle(name) / "configs/inference.json"
    values = toy_values(config, tmp_path)
    needed, place = KINDS[name]
    assert (tmp_path / needed).is_file()
    assert values["dataset_dir"] == str(tmp_path / place)
    assert set(values) <= set(read_json(config))


def test_training_has_a_datalist_and_only_ids_of_the_bundle(tmp_path):
    for name in KINDS:
        config = find_bundle(name) / "configs/train.json"
        if not config.is_file():
            continue
        values = toy_values(config, tmp_path / name)
        assert (tmp_path / name).is_dir()
        assert set(values) <= set(read_json(config))
        assert read_json(tmp_path / values["datalist"])["training"]


def test_an_unknown_kind_of_bundle_is_told(bag_bundle, tmp_path, edit):
    edit(bag_bundle / "configs/inference.json", lambda content: content.pop("in_channels"))
    edit(bag_bundle / "configs/inference.json", lambda content: content.pop("mpps"))
    with pytest.raises(NotApplicableError, match=r"inference.json has neither"):
        toy_values(bag_bundle / "configs/inference.json", tmp_path)
