"""Bundles to spoil."""

import json
import shutil

import pytest

from monai_ext.experiments.bundle_run import find_bundle


@pytest.fixture
def bag_bundle(tmp_path):
    """Copy of a bundle that reads bags."""
    return shutil.copytree(
        find_bundle("pathology_m2otca_classification"), tmp_path / "pathology_m2otca_classification"
    )


@pytest.fixture
def image_bundle(tmp_path):
    """Copy of a bundle that reads images."""
    return shutil.copytree(
        find_bundle("pathology_mpamatch_segmentation"), tmp_path / "pathology_mpamatch_segmentation"
    )


@pytest.fixture
def edit():
    """Change a JSON file by a function."""

    def change(path, function):
        content = json.loads(path.read_text())
        function(content)
        path.write_text(json.dumps(content))

    return change
