import numpy as np
import pytest
import torch

from monai_ext.data import read_facts, read_features
from monai_ext.errors import FeatureError
from tests.data.feature_files import square, write_clam


class Evil:
    """Runs code when unpickled without care."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (type(self.target).touch, (self.target,))


def test_no_attributes_no_step(tmp_path):
    found = read_features(write_clam(tmp_path / "s.h5", np.ones((16, 2)), square() * 512))
    assert (found.source, found.step_px, found.encoder_id) == ("clam", None, None)


def test_attributes_of_the_patch_file_give_the_step(tmp_path):
    path = write_clam(
        tmp_path / "s.h5", np.ones((16, 2)), square() * 512, patch_size=256, downsample=[2.0, 2.0]
    )
    assert read_features(path).step_px == 512


def test_pt_is_a_tensor_without_places(tmp_path):
    torch.save(torch.arange(6, dtype=torch.float16).reshape(3, 2), tmp_path / "s.pt")
    found = read_features(tmp_path / "s.pt")
    np.testing.assert_array_equal(found.features, [[0, 1], [2, 3], [4, 5]])
    assert found.features.dtype == np.float32
    assert found.coords is None
    assert read_facts(tmp_path / "s.pt").shape == (3, 2)


def test_pt_with_code_is_not_run(tmp_path):
    torch.save(Evil(tmp_path / "ran"), tmp_path / "s.pt")
    with pytest.raises(FeatureError, match=r"s.pt cannot be read as a tensor .*GLOBAL"):
        read_features(tmp_path / "s.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [{"a": torch.zeros(2)}, torch.zeros(3, 2, dtype=torch.long)])
def test_pt_of_something_else_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "s.pt")
    with pytest.raises(FeatureError, match=r"s.pt holds"):
        read_features(tmp_path / "s.pt")


def test_pt_cut_short_is_refused(tmp_path):
    torch.save(torch.zeros(100, 20), tmp_path / "s.pt")
    (tmp_path / "s.pt").write_bytes((tmp_path / "s.pt").read_bytes()[:500])
    with pytest.raises(FeatureError, match=r"s.pt cannot be read as a tensor"):
        read_features(tmp_path / "s.pt")


def test_absent_pt_is_named(tmp_path):
    with pytest.raises(FeatureError, match=r"s.pt does not exist"):
        read_features(tmp_path / "s.pt")
