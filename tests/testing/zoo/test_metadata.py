"""Each rule of the schema's kind, the changelog and the versions is broken once."""

import pytest

from monai_ext.errors import BundleError
from monai_ext.testing.zoo.metadata import check_metadata, check_requirements, requirements_of


def entry(content, **changes):
    content["network_data_format"]["inputs"]["image"] |= changes


BROKEN = {
    "required": lambda content: content.pop("network_data_format"),
    "no output": lambda content: content["network_data_format"].pop("outputs"),
    "input's name": lambda c: c["network_data_format"]["inputs"].update(
        x=c["network_data_format"]["inputs"].pop("image")
    ),
    "a string": lambda content: content.update(task=3),
    "a version": lambda content: content.update(monai_version="1.6.1+cpu"),
    "an object": lambda content: content.update(eval_metrics=[]),
    "references": lambda content: content.update(references="one"),
    "channels": lambda content: entry(content, num_channels="3"),
    "shape": lambda content: entry(content, spatial_shape=["x*2"]),
    "range": lambda content: entry(content, value_range=["0", 1]),
    "patch": lambda content: entry(content, is_patch_data="false"),
    "channel_def": lambda content: entry(content, channel_def=["R"]),
    "other format": lambda content: content.update(tile_data_format={"inputs": {}}),
}


def test_a_sound_file_passes(bag_bundle, tmp_path):
    assert check_metadata(bag_bundle, tmp_path / "work") == "version 0.1.0"


@pytest.mark.parametrize("fault", BROKEN)
def test_faults_are_found(bag_bundle, tmp_path, edit, fault):
    edit(bag_bundle / "configs/metadata.json", BROKEN[fault])
    with pytest.raises(BundleError, match=r"metadata\.json has \$"):
        check_metadata(bag_bundle, tmp_path)


def test_what_the_schema_lets_passes(bag_bundle, tmp_path, edit):
    def change(content):
        form = content["network_data_format"]
        form["outputs"]["score"] = 0.5
        form["inputs"]["image"]["spatial_shape"] = ["2**p*n", 16, "*"]
        content["tile_data_format"] = form
        content["anything"] = [1]

    edit(bag_bundle / "configs/metadata.json", change)
    assert check_metadata(bag_bundle, tmp_path) == "version 0.1.0"


def test_all_faults_come_at_once(bag_bundle, tmp_path, edit):
    edit(bag_bundle / "configs/metadata.json", lambda c: c.update(task=3, authors=4))
    with pytest.raises(BundleError, match=r"\$\.task.*\$\.authors|\$\.authors.*\$\.task"):
        check_metadata(bag_bundle, tmp_path)


def test_a_version_without_its_line_in_the_changelog(bag_bundle, tmp_path, edit):
    edit(bag_bundle / "configs/metadata.json", lambda c: c.update(version="0.2.0"))
    with pytest.raises(BundleError, match=r"0.2.0 is not in the changelog"):
        check_metadata(bag_bundle, tmp_path)


def test_versions_are_those_installed(bag_bundle, tmp_path, edit):
    named = int(check_requirements(bag_bundle, tmp_path).split()[0])
    file = bag_bundle / "configs/metadata.json"
    edit(file, lambda c: c["required_packages_version"].update(h5py="1.0.0", nothing_such="2"))
    with pytest.raises(BundleError, match=r"h5py 1.0.0 \(3.*nothing_such 2 \(not installed"):
        check_requirements(bag_bundle, tmp_path)
    assert named >= 4


def test_requirements_are_named_as_the_zoo_does():
    versions = {"monai_version": "1", "pytorch_version": "2", "numpy_version": "3"}
    found = requirements_of(versions | {"required_packages_version": {"fire": "4"}})
    assert found == {"monai": "1", "torch": "2", "numpy": "3", "fire": "4"}
