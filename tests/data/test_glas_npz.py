"""The ready features become a bank of blocks of 4 x 6 tiles."""

import numpy as np
import pytest

from monai_ext.data.glas_npz import read_npz_bank
from monai_ext.errors import FeatureError
from monai_ext.testing.shared_data import shared_data_path


@pytest.fixture
def content(np_rng):
    return {
        "features": np_rng.normal(size=(48, 5)).astype(np.float16),
        "bag_index": np.repeat([0, 1], 24).astype(np.int32),
        "gland_fraction": np.linspace(0, 1, 48, dtype=np.float32),
        "bag_names": np.array(["a", "b"]),
        "bag_labels": np.array([0, 1], np.int8),
        "patient_ids": np.array([3, 9], np.int32),
    }


def test_tiles_stay_with_their_image(content, tmp_path):
    np.savez(tmp_path / "f.npz", **content)
    bank = read_npz_bank(tmp_path / "f.npz")
    assert (bank.names, bank.labels, bank.patients) == (["a", "b"], [0, 1], ["3", "9"])
    np.testing.assert_array_equal(bank.features[0][1, 2], content["features"][26])
    assert bank.glands[0][1, 23] == 1
    assert bank.shapes == [(4, 6)]


def test_mixed_tiles_are_refused(content, tmp_path):
    content["bag_index"] = content["bag_index"][::-1]
    np.savez(tmp_path / "f.npz", **content)
    with pytest.raises(FeatureError, match="does not list 24 tiles an image in order"):
        read_npz_bank(tmp_path / "f.npz")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FeatureError, match=r"f\.npz not found"):
        read_npz_bank(tmp_path / "f.npz")


def test_real_file_has_145_images():
    bank = read_npz_bank(shared_data_path("glas-features/glas_efficientnet_lite0.npz"))
    assert bank.features[0].shape == (145, 24, 1280)
    assert sum(bank.labels) == 75
