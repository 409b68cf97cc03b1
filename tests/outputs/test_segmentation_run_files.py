"""What a segmentation run says of itself: values in inference.json, classes in the metadata."""

import json

import pytest

from monai_ext.errors import SettingError
from monai_ext.outputs.run_json import read_run_json
from monai_ext.outputs.segmentation_run_files import SegmentationRunFiles

INFERENCE = {
    "class_names": [],
    "split_hash": None,
    "ckpt_path": "",
    "norm": "batch",
    "overlay": True,
}
METADATA = {
    "version": "0.3.0",
    "network_data_format": {
        "inputs": {"image": {"num_channels": 3}},
        "outputs": {"pred": {"num_channels": 2, "format": "segmentation", "channel_def": {}}},
    },
}


@pytest.fixture
def bundle(tmp_path):
    configs = tmp_path / "some_segmentation" / "configs"
    configs.mkdir(parents=True)
    (configs / "inference.json").write_text(json.dumps(INFERENCE))
    (configs / "metadata.json").write_text(json.dumps(METADATA))
    return configs.parent


def files(bundle, **values):
    return SegmentationRunFiles(
        bundle,
        class_names=["ground", "gland", "vessel"],
        seed=4,
        split_hash="abc",
        encoder_id="enc",
        weight_hash="w",
        values=values,
        facts={"ssl": "unimatch"},
    )


def test_the_run_has_its_values_classes_and_record(bundle, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    files(bundle, norm="group").write(run)
    config = json.loads((run / "inference.json").read_text())
    assert config["norm"] == "group"
    assert config["overlay"] is True
    assert config["class_names"] == ["ground", "gland", "vessel"]
    assert config["split_hash"] == "abc"
    assert config["ckpt_path"] == str(run / "model.pt")
    metadata = json.loads((run / "metadata.json").read_text())
    found = metadata["network_data_format"]["outputs"]["pred"]
    assert found["num_channels"] == 3
    assert found["channel_def"] == {"0": "ground", "1": "gland", "2": "vessel"}
    assert found["format"] == "segmentation"
    record = read_run_json(run)
    assert (record.bundle, record.bundle_version) == ("some_segmentation", "0.3.0")
    assert (record.encoder_id, record.weight_hash, record.seed) == ("enc", "w", 4)
    assert record.extra == {"values": {"norm": "group"}, "ssl": "unimatch"}


def test_a_value_that_inference_lacks_is_refused(bundle, tmp_path):
    with pytest.raises(SettingError, match=r"some_segmentation has no depth"):
        files(bundle, depth=3).write(tmp_path)
    assert not (tmp_path / "inference.json").exists()
