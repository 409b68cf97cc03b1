"""Names that later versions must find again: each is rebuilt here from its definition."""

import hashlib

import pytest
import torch

from monai_ext.hashing import file_hash, json_hash, state_hash


def sha(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_json_hash_is_of_sorted_dense_ascii_json():
    found = json_hash({"b": [1, 2.5], "a": {"é": None}})
    assert found == sha(b'{"a":{"\\u00e9":null},"b":[1,2.5]}')[:16]


def test_file_hash_covers_the_whole_file(tmp_path):
    content = bytes(range(256)) * 9000
    (tmp_path / "a").write_bytes(content)
    assert file_hash(str(tmp_path / "a")) == sha(content)


def test_state_hash_is_of_names_types_shapes_and_bytes():
    state = {"w": torch.tensor([[1.0, 2.0]]), "b": torch.tensor(3)}
    expected = sha(
        b"btorch.int64()",
        (3).to_bytes(8, "little"),
        b"wtorch.float32(1, 2)",
        b"\0\0\x80\x3f\0\0\0@",
    )
    assert state_hash(state) == expected[:16]


def test_order_strides_and_gradients_do_not_matter():
    a, b = torch.arange(6.0).view(2, 3), torch.ones(2)
    other = {"b": b.clone().requires_grad_(), "a": a.mT.contiguous().mT}
    assert state_hash({"a": a, "b": b}) == state_hash(other)


@pytest.mark.parametrize(
    "changed",
    [
        {"v": torch.arange(4.0)},
        {"w": torch.arange(4.0).view(2, 2)},
        {"w": torch.arange(4.0).view(torch.int32)},
        {"w": torch.tensor([0.0, 1.0, 2.0, 3.0000002])},
        {"w": torch.arange(4.0), "v": torch.empty(0)},
    ],
    ids=["name", "shape", "type", "last bit", "empty tensor"],
)
def test_every_difference_matters(changed):
    assert state_hash(changed) != state_hash({"w": torch.arange(4.0)})


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.bool, torch.complex64])
def test_types_that_numpy_lacks_or_packs_are_taken(dtype):
    assert state_hash({"w": torch.zeros(3, dtype=dtype)}) != state_hash(
        {"w": torch.ones(3, dtype=dtype)}
    )


def test_what_is_no_tensor_is_named():
    with pytest.raises(TypeError, match=r"^state\['epoch'\] is int, not a tensor$"):
        state_hash({"w": torch.zeros(1), "epoch": 3})
