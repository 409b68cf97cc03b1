import h5py
import numpy as np
import pytest
import torch

from monai_ext.data import feature_path, read_features
from monai_ext.errors import SettingError
from monai_ext.networks.encoders import Conch
from monai_ext.networks.encoders.conch_model import load_conch
from tests.engines.tiny_extraction import TILE_PX, add_slide, extract


@pytest.fixture
def path(tmp_path):
    add_slide(tmp_path / "slides", "a.tif")
    return feature_path(tmp_path / "out", 20, TILE_PX, "tiny", "a")


def test_a_damaged_file_is_made_again(tmp_path, path):
    extract(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert extract(tmp_path).ok == ["a"]
    assert path.read_bytes() == whole


def test_a_file_of_another_tool_is_never_overwritten(tmp_path, path):
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file["features"] = np.zeros((2, 16), np.float32)
        file["coords"] = np.zeros((2, 2), np.int64)
    before = path.read_bytes()
    with pytest.raises(SettingError, match=r"a.h5 has features made by clam"):
        extract(tmp_path)
    assert path.read_bytes() == before


def test_a_slide_that_is_not_asked_for_counts_as_another_request_too(tmp_path, path):
    extract(tmp_path)
    (tmp_path / "slides/a.tif").rename(tmp_path / "slides/b.tif")
    with pytest.raises(SettingError, match=r"another request: mpps="):
        extract(tmp_path, mpps=[0.5])
    with pytest.raises(SettingError, match=r"another request: mpps="):
        extract(tmp_path, mpps=[4.0])


def test_the_licence_and_the_tissue_method_travel_with_the_features(tmp_path, path):
    extract(tmp_path)
    attrs = read_features(path).attrs
    assert attrs["encoder_licence"] == "Apache-2.0"
    assert attrs["tissue_method"].startswith("saturation 4 ")
    assert attrs["given"] == {"mpp": None, "tissue": None}


def test_features_of_a_stand_in_say_so(tmp_path, path):
    extract(tmp_path)
    assert "not comparable" in read_features(path).attrs["note"]
    extract(tmp_path, encoder="efficientnet_lite0", mpps=[1.0], output_dir=tmp_path / "real")
    real = feature_path(tmp_path / "real", 10, TILE_PX, "efficientnet_lite0", "a")
    assert "note" not in read_features(real).attrs


def test_features_of_a_users_weights_carry_their_hash(tmp_path):
    add_slide(tmp_path / "slides", "a.tif")
    source = Conch(preset="tiny", seed=9)
    torch.save(load_conch(None, "tiny", "x", seed=9).state_dict(), tmp_path / "own.bin")
    changes = {"encoder": "conch_v1", "encoder_args": {"preset": "tiny"}, "mpps": [1.0]}
    extract(tmp_path, encoder_checkpoint=tmp_path / "own.bin", **changes)
    found = read_features(feature_path(tmp_path / "out", 10, TILE_PX, "conch_v1_tiny", "a"))
    assert found.features.shape[1] == 32
    assert found.weight_hash == source.weight_hash
    assert found.transform_hash == source.transform_hash
