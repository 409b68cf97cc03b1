import h5py
import numpy as np
import pytest

from monai_ext.data import read_facts, read_features, write_features
from monai_ext.data.read_feature import require_finite
from monai_ext.errors import FeatureError
from monai_ext.testing.shared_data import shared_data_path
from tests.data.feature_files import item, square, write_clam, write_stamp, write_trident

FEATURES = np.arange(32, dtype=np.float32).reshape(16, 2)
COORDS = square() * 512


def _any(tmp_path, layout):
    path = tmp_path / "s.h5"
    if layout == "trident":
        return write_trident(path, FEATURES, COORDS)
    if layout == "clam":
        return write_clam(path, FEATURES, COORDS)
    if layout == "stamp":
        return write_stamp(path, FEATURES, COORDS, stamp_version="2.4.0", tile_size_um=512.0)
    return write_features(path, item("s", features=FEATURES, coords=COORDS))


@pytest.mark.parametrize("layout", ["monai_ext", "trident", "clam", "stamp"])
def test_layout_is_recognised_and_facts_agree_with_features(tmp_path, layout):
    path = _any(tmp_path, layout)
    found, facts = read_features(path), read_facts(path)
    assert found.source == facts.source == layout
    assert found.shape == facts.shape == (16, 2)
    np.testing.assert_array_equal(found.features, FEATURES)
    np.testing.assert_array_equal(found.coords, COORDS)
    assert found.features.dtype == np.float32
    for name in ("slide", "step_px", "mpp", "encoder_id", "coords_unit"):
        assert getattr(found, name) == getattr(facts, name)


@pytest.mark.parametrize("layout", ["monai_ext", "trident"])
def test_nan_on_disk_is_refused(tmp_path, layout):
    path = _any(tmp_path, layout)
    with h5py.File(path, "r+") as file:
        file["features"][3, 1] = np.nan
    with pytest.raises(FeatureError, match=r"s.h5 has NaN or infinite features, .* tile 3"):
        read_features(path)


def test_huge_but_finite_values_pass():
    values = np.full((4, 4), 3e38, np.float32)
    assert np.isinf(values.sum())
    require_finite(values, "x")
    values[2, 1] = np.inf
    with pytest.raises(FeatureError):
        require_finite(values, "x")


def test_opposite_infinities_do_not_cancel():
    with pytest.raises(FeatureError, match="first in tile 7"):
        require_finite(np.array([[np.inf, -np.inf]], np.float32), "x", first_row=7)


def test_missing_features_say_what_is_there(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["coords"] = COORDS
    with pytest.raises(FeatureError, match=r"a.h5 holds \['coords'\].*TRIDENT's are in features_"):
        read_features(tmp_path / "a.h5")


@pytest.mark.parametrize("shape", [(2, 3, 4), (7,)])
def test_slide_embeddings_are_refused(tmp_path, shape):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = np.zeros(shape, np.float32)
    with pytest.raises(FeatureError, match="features are a matrix, tiles by width"):
        read_facts(tmp_path / "a.h5")


def test_whole_numbers_are_no_features(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = np.zeros((3, 2), np.int32)
    with pytest.raises(FeatureError, match="matrix of floats"):
        read_features(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("coords", "message"),
    [
        (np.zeros((3, 2)), "shape"),
        (np.zeros((2, 3)), "shape"),
        (np.full((2, 2), np.nan), "not finite"),
    ],
)
def test_bad_coordinates_are_refused(tmp_path, coords, message):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"], file["coords"] = np.zeros((2, 4), np.float32), coords
    with pytest.raises(FeatureError, match=message):
        read_features(tmp_path / "a.h5")


def test_given_step_fills_in_but_does_not_override(tmp_path):
    clam = write_clam(tmp_path / "c.h5", FEATURES, COORDS)
    ours = write_features(tmp_path / "o.h5", item())
    assert read_features(clam, step_px=512).step_px == 512
    assert read_features(ours, step_px=100).step_px == 512


def test_real_coordinates_without_attributes():
    found = read_features(shared_data_path("tcga-slide-features/TCGA-AD-6964-01Z-00-DX1.h5"))
    assert found.shape == (777, 512)
    assert found.coords is not None
    assert found.coords[0].tolist() == [10240, 21504]
    assert found.features[0, 0] == pytest.approx(-0.01929561)
    assert (found.source, found.step_px) == ("clam", None)


def test_real_features_without_coordinates():
    found = read_features(shared_data_path("tcga-slide-features/TCGA-3X-AAVA-01Z-00-DX1.h5"))
    assert found.shape == (180, 512)
    assert found.coords is None
