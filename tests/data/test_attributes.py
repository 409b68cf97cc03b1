import h5py
import numpy as np
import pytest

from monai_ext.data.attributes import as_number, as_whole, plain_attributes


def test_attributes_become_plain(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs.update({"n": np.int64(3), "t": b"ab", "none": "None", "l": [1.5, 2.0]})
        plain = plain_attributes(file.attrs)
    assert plain == {"n": 3, "t": "ab", "none": None, "l": [1.5, 2.0]}
    assert type(plain["n"]) is int


@pytest.mark.parametrize("value", [-1, "x", float("inf"), [1, 2]])
def test_as_number_refuses(value):
    assert as_number(value) is None


def test_as_whole_rounds():
    assert as_whole("255.9") == 256
    assert as_whole("NA") is None
