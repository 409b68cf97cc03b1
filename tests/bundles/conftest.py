"""Inputs on which any bundle of a kind can run: feature folders, splits, images with masks."""

import pytest

from monai_ext.testing.toy_cohort import write_toy_cohort
from monai_ext.testing.toy_masks import write_toy_masks
from monai_ext.testing.zoo.toy_inputs import TOY_PROMPTS


@pytest.fixture(scope="session")
def toy_cohort(tmp_path_factory):
    """A folder with features/, cohort.csv and splits/."""
    folder = tmp_path_factory.mktemp("toy cohort #1")
    write_toy_cohort(folder)
    return folder


@pytest.fixture
def toy(tmp_path):
    """Datalist of a small segmentation task."""
    return write_toy_masks(tmp_path / "toy data")


@pytest.fixture
def prompts():
    """Sentences of its classes."""
    return TOY_PROMPTS
