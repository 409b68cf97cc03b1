import numpy as np

from monai_ext.wsi.buffer_ring import BufferRing


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_memory_comes_back_once_let_go():
    ring = BufferRing()
    first = ring.take(10, 20)
    address = _address(first)
    del first
    assert _address(ring.take(5, 8)) == address


def test_memory_held_by_any_view_is_not_given_out_again():
    ring = BufferRing()
    corner = ring.take(10, 20)[2:4, 3:5]
    corner[:] = 7
    ring.take(10, 20)[:] = 9
    assert (corner == 7).all()


def test_memory_held_by_a_tensor_is_not_given_out_again():
    import torch

    ring = BufferRing()
    tensor = torch.from_numpy(ring.take(4, 4)).fill_(7)
    ring.take(4, 4)[:] = 9
    assert (tensor == 7).all()


def test_too_small_buffers_are_dropped():
    ring = BufferRing()
    for size in range(1, 50):
        assert ring.take(size).shape == (size,)
    assert len(ring._buffers) == 1
