import h5py
import numpy as np
import pytest

from monai_ext.data.h5_array import find_dataset, open_h5, read_array
from monai_ext.errors import FeatureError

VALUES = np.arange(24, dtype=np.float32).reshape(6, 4)
LAYOUTS = {
    "contiguous": {},
    "chunked": {"chunks": (1, 4), "maxshape": (None, 4)},
    "gzip": {"chunks": (2, 4), "compression": "gzip"},
    "foreign byte order": {"dtype": ">f4"},
}


def _file(path, **how):
    with h5py.File(path, "w") as file:
        file.create_dataset("features", data=VALUES, **how)
    return path


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_reads_the_same(tmp_path, layout, mapped):
    path = _file(tmp_path / "a.h5", **LAYOUTS[layout])
    with open_h5(path) as file:
        array = read_array(file["features"], path, mapped=mapped)
    np.testing.assert_array_equal(array, VALUES)
    assert isinstance(array, np.memmap) == (mapped and layout == "contiguous")


def test_map_is_read_only(tmp_path):
    path = _file(tmp_path / "a.h5")
    with open_h5(path) as file:
        array = read_array(file["features"], path, mapped=True)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1


@pytest.mark.parametrize("keep", [0, 7, 100, 2000])
def test_a_cut_file_is_named(tmp_path, keep):
    path = _file(tmp_path / "cut slide #1.h5")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FeatureError, match=r"cut slide #1.h5 cannot be read"), open_h5(path):
        pass


def test_data_beyond_the_end_are_refused(tmp_path, monkeypatch):
    path = _file(tmp_path / "a.h5")
    with open_h5(path) as file:
        dataset = file["features"]
        path.write_bytes(path.read_bytes()[:-4])  # the open file does not notice
        with pytest.raises(FeatureError, match="ends before /features does"):
            read_array(dataset, path)


def test_absent_file_is_named(tmp_path):
    with pytest.raises(FeatureError, match=r"b.h5 does not exist"), open_h5(tmp_path / "b.h5"):
        pass


def test_data_never_written_are_refused(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("features", (5, 4), "f4", chunks=(1, 4))
    with (
        pytest.raises(FeatureError, match=r"features in .*a.h5 was never written"),
        open_h5(path) as file,
    ):
        read_array(file["features"], path)


@pytest.mark.parametrize("kind", ["external link", "soft link", "external storage", "virtual"])
def test_nothing_is_read_from_other_files(tmp_path, kind):
    other = _file(tmp_path / "secret.h5")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        if kind == "external link":
            file["features"] = h5py.ExternalLink(other.name, "/features")
        elif kind == "soft link":
            file["features"] = h5py.SoftLink("/elsewhere")
        elif kind == "external storage":
            file.create_dataset("features", (6, 4), "f4", external=[(str(other), 0, 96)])
        else:
            layout = h5py.VirtualLayout((6, 4), "f4")
            layout[:] = h5py.VirtualSource(other, "features", (6, 4))
            file.create_virtual_dataset("features", layout)
    with (
        open_h5(tmp_path / "a.h5") as file,
        pytest.raises(FeatureError, match=r"'features' in .*a.h5 is no plain data set"),
    ):
        find_dataset(file, ("features",))


def test_a_group_is_no_data_set(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group("features")
        with pytest.raises(FeatureError, match="no plain data set"):
            find_dataset(file, ("features",))
