import json

import h5py
import numpy as np
import pytest

from monai_ext.data import read_features, write_features
from monai_ext.data.feature_store import RECORD
from monai_ext.errors import FeatureError
from monai_ext.hashing import json_hash
from tests.data.feature_files import item

NAMES = ["a", "ä ö", "with space", "50%#1", "x" * 200, "line\nbreak", "漢字", "-dash"]


@pytest.mark.parametrize("name", NAMES)
def test_everything_written_reads_back(tmp_path, name):
    written = item(name, attrs={"given": {"mpp": 0.25}})
    found = read_features(write_features(tmp_path / f"{name}.h5", written))
    np.testing.assert_array_equal(found.features, written.features)
    np.testing.assert_array_equal(found.coords, written.coords)
    for key in ("slide", "step_px", "mpp", "slide_mpp", "grid_level", "encoder_id", "tile_px"):
        assert getattr(found, key) == getattr(written, key), key
    for key in ("weight_hash", "transform_hash", "slide_hash", "level0_size", "request", "attrs"):
        assert getattr(found, key) == getattr(written, key), key
    assert found.source == "monai_ext"
    assert found.request_hash == json_hash(written.request)


def test_attributes_are_tridents(tmp_path):
    path = write_features(tmp_path / "a.h5", item(slide_mpp=0.2527))
    with h5py.File(path) as file:
        coords, features = dict(file["coords"].attrs), dict(file["features"].attrs)
    assert coords == {
        "patch_size": 256,
        "patch_size_level0": 512,
        "level0_magnification": 40,
        "target_magnification": 20,
        "overlap": 0,
        "name": "a",
        "savetodir": ".",
        "level0_width": 2048,
        "level0_height": 2048,
    }
    assert json.loads(features.pop(RECORD))["version"] == 1
    assert features == {"name": "a", "encoder": "tiny", "savetodir": "."}


def test_storage_is_contiguous_float32_and_int64(tmp_path):
    path = write_features(tmp_path / "a.h5", item(features=np.ones((16, 3), np.float64)))
    with h5py.File(path) as file:
        for name, kind in (("features", "<f4"), ("coords", "<i8")):
            assert file[name].chunks is None
            assert file[name].compression is None
            assert file[name].id.get_offset() is not None
            assert file[name].dtype == kind


def test_no_tissue_is_a_valid_file(tmp_path):
    empty = item(features=np.zeros((0, 7), np.float32), coords=np.zeros((0, 2), np.int64))
    found = read_features(write_features(tmp_path / "a.h5", empty), mapped=True)
    assert found.shape == (0, 7)
    assert found.coords is not None
    assert found.coords.shape == (0, 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_is_refused_with_the_slide_named_and_nothing_written(tmp_path, bad):
    features = np.ones((16, 3), np.float32)
    features[5, 1] = bad
    with pytest.raises(FeatureError, match=r"slide 'my slide': 1 of 16 tiles .* tile 5"):
        write_features(tmp_path / "a.h5", item("my slide", features=features))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    path = write_features(tmp_path / "a.h5", item())
    before = path.read_bytes()
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_features(path, item(attrs={"x": object()}))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


@pytest.mark.parametrize("coords", [None, np.zeros((3, 2), np.int64)])
def test_coordinates_must_match(tmp_path, coords):
    with pytest.raises(FeatureError, match=r"slide 'a' has features \(16, 6\) and coords"):
        write_features(tmp_path / "a.h5", item(coords=coords))


@pytest.mark.parametrize("text", ["{", '{"version": 1}', "[]", '{"version": "x", "slide": "a"}'])
def test_a_broken_record_is_named(tmp_path, text):
    path = write_features(tmp_path / "a.h5", item())
    with h5py.File(path, "r+") as file:
        file["features"].attrs[RECORD] = text
    with pytest.raises(FeatureError, match=r"a.h5 has no readable 'monai_ext' record"):
        read_features(path)


def test_a_later_format_is_refused(tmp_path):
    path = write_features(tmp_path / "a.h5", item())
    with h5py.File(path, "r+") as file:
        file["features"].attrs[RECORD] = '{"version": 2, "slide": "a"}'
    with pytest.raises(FeatureError, match="has format 2"):
        read_features(path)
