"""Inputs on which any bundle of a kind can run: feature folders, splits, slides."""

import json
from pathlib import Path

import pytest

from monai_ext.testing.toy_cohort import write_toy_cohort
from monai_ext.testing.toy_masks import write_toy_masks

TOY_TEXT = Path(__file__).with_name("toy_text.safetensors")
"""``tests/data/toy.json`` by ``tiny_text`` at width 8."""
TOY_NETWORK = {"hidden_dim": 16, "attention_dim": 8, "text": str(TOY_TEXT)}


@pytest.fixture(scope="session")
def toy_cohort(tmp_path_factory):
    """A folder with features/, cohort.csv and splits/."""
    folder = tmp_path_factory.mktemp("toy cohort #1")
    write_toy_cohort(folder)
    return folder


@pytest.fixture
def inputs(toy_cohort, tmp_path):
    """Overrides with which a config runs on the toy cohort, or on a folder of slides."""

    def overrides_of(config):
        found = json.loads(config.read_text(encoding="utf-8"))
        output = {"output_dir": str(tmp_path / "out"), "bundle_root": str(config.parents[1])}
        if "encoder" in found and "in_channels" not in found:
            return output | {"dataset_dir": str(tmp_path), "encoder": "tiny"}
        if "target_mpp" in found:
            images = write_toy_masks(tmp_path / "images")
            if config.stem == "train":
                prompts = Path(__file__).with_name("toy_prompts.json")
                return output | {"datalist": str(images), "prompts": str(prompts)}
            return output | {"dataset_dir": str(images.parent / "images"), "mpp": 0.5}
        if config.stem == "train":
            return output | TOY_NETWORK | {"datalist": str(toy_cohort / "splits/fold0.json")}
        widths = {"in_channels": [6, 5, 4], "encoder": "toy"}
        return output | TOY_NETWORK | widths | {"dataset_dir": str(toy_cohort / "features")}

    return overrides_of


@pytest.fixture
def toy(tmp_path):
    """Datalist of a small segmentation task."""
    return write_toy_masks(tmp_path / "toy data")


@pytest.fixture
def prompts():
    """Sentences of its classes."""
    return Path(__file__).with_name("toy_prompts.json")
