import numpy as np
import pytest
import simplejpeg

from monai_ext.wsi.jpeg_stream import complete_stream, stream_head

TILE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def _planes(tile: np.ndarray) -> list[np.ndarray]:
    return [np.ascontiguousarray(tile[..., channel]) for channel in range(3)]


def test_rgb_components_are_not_transformed_in_spite_of_jfif():
    stored = simplejpeg.encode_jpeg_yuv_planes(*_planes(TILE), 100)
    assert b"JFIF" in stored
    pixels = simplejpeg.decode_jpeg(complete_stream(stream_head("rgb", b""), stored))
    assert np.abs(pixels.astype(int) - TILE).mean() < 1


def test_ycbcr_components_are_transformed_in_spite_of_an_adobe_marker():
    stored = simplejpeg.encode_jpeg(TILE, 100, colorsubsampling="444")
    lying = stored[:2] + stream_head("rgb", b"")[2:] + stored[2:].replace(b"JFIF", b"JFXX")
    pixels = simplejpeg.decode_jpeg(complete_stream(stream_head("ycbcr", b""), lying))
    np.testing.assert_array_equal(pixels, simplejpeg.decode_jpeg(stored))


@pytest.mark.parametrize(
    ("data", "shown"), [(b"", "nothing"), (b"\0\0\0", "00 00"), (b"\xff", "ff")]
)
def test_bytes_that_are_no_jpeg_are_refused(data, shown):
    with pytest.raises(ValueError, match=f"starts with ff d8, not {shown}"):
        complete_stream(stream_head("rgb", b""), data)


def test_unended_marker_does_not_hang():
    head = stream_head("rgb", b"")
    assert complete_stream(head, b"\xff\xd8\xff\xe0") == head
