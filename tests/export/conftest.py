"""A copy of a bundle, and a small package that stands for the library."""

import shutil

import pytest

from monai_ext.experiments.bundle_run import find_bundle

NAME = "pathology_m2otca_classification"


@pytest.fixture
def bundle(tmp_path):
    return shutil.copytree(find_bundle(NAME), tmp_path / "shelf" / NAME)
