import numpy as np
import pytest

from monai_ext.data import join_levels, read_features
from monai_ext.errors import FeatureError
from tests.data.feature_files import square, write_trident


def test_attributes_are_read(tmp_path):
    found = read_features(write_trident(tmp_path / "s.h5", np.ones((16, 2)), square() * 512))
    assert (found.step_px, found.tile_px, found.overlap_px, found.mpp) == (512, 256, 0, 0.5)
    assert (found.encoder_id, found.level0_size, found.slide) == ("uni_v1", (4096, 4096), "s")
    assert found.slide_mpp is None


def test_step_is_rounded_as_the_patcher_does_not_as_the_attribute(tmp_path):
    path = write_trident(
        tmp_path / "s.h5",
        np.ones((1, 2)),
        np.array([[683 * 100, 0]]),
        target_magnification=15,
        patch_size_level0=682,
    )
    found = read_features(path)
    assert found.step_px == 683
    assert join_levels([found]).col.tolist() == [100]


def _overlapping(path, positions):
    coords = np.array([[x, 0] for x in positions])
    return read_features(
        write_trident(path, np.ones((len(coords), 2)), coords, overlap=64, patch_size_level0=512)
    )


def test_overlap_shortens_the_step(tmp_path):
    found = _overlapping(tmp_path / "s.h5", [0, 384, 768, 1152])
    assert found.step_px == 384
    assert join_levels([found]).col.tolist() == [0, 1, 2, 3]


def test_first_releases_put_the_first_overlap_off_the_grid(tmp_path):
    found = _overlapping(tmp_path / "s.h5", [0, 512, 896, 1280])
    with pytest.raises(FeatureError, match=r"up to 0.33 steps of 384 px off the grid"):
        join_levels([found])
    assert not join_levels([found], is_spatial=False).on_grid


def test_no_tissue_and_unknown_width(tmp_path):
    empty = write_trident(tmp_path / "s.h5", np.zeros(0, np.float32), np.zeros((0, 2), np.int64))
    assert read_features(empty).shape == (0, 0)


def test_none_as_text_is_none(tmp_path):
    path = write_trident(tmp_path / "s.h5", np.ones((1, 2)), np.zeros((1, 2)), encoder="None")
    assert read_features(path).encoder_id is None


def test_step_attribute_serves_where_magnifications_lack(tmp_path):
    path = write_trident(
        tmp_path / "s.h5", np.ones((1, 2)), np.zeros((1, 2)), level0_magnification="None"
    )
    assert read_features(path).step_px == 512
